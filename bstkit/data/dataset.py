"""A prepared log: every event as a row to score, with ids, labels and the events that came before it.

Rows stand in the order (user, time, place in the log); that order is also the tie-break between events of one second. A
user's history at a row is everything of that user before it in this order, never the row itself and nothing after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Features
from bstkit.progress import Advance

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class HistoryEvents:
    """The events of one history, for all users, stored once; each row's history is a slice of them.

    Args:
        ids: column -> int32 `(events,)`.
        event: int64 `(events,)`, the row of each event.
        start: int64 `(rows,)`, the first event of the row's user.
        end: int64 `(rows,)`, one past the last event before the row.
    """

    ids: Mapping[str, NDArray[np.int32]]
    event: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """A prepared log.

    Args:
        features: with row counts, means and deviations learned from the training rows.
        vocabularies: space -> keys, the first with id 2.
        target: column -> int32 `(rows,)`.
        context: column -> int32 ids or float32 numbers `(rows,)`, NaN where missing.
        labels: task -> float32 `(rows,)`, 0 or 1.
        user: int64 `(rows,)`, numbers the users from 0.
        time: float64 `(rows,)`, seconds.
        row: int64 `(rows,)`, place of the event in the log, from 0.
        split: int8 `(rows,)`, an index into `SPLITS`.
        history: history -> its events.
        origin: what was read.
    """

    features: Features
    vocabularies: Mapping[str, tuple[str, ...]]
    target: Mapping[str, NDArray[np.int32]]
    context: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[np.float32]]
    user: NDArray[np.int64]
    time: NDArray[np.float64]
    row: NDArray[np.int64]
    split: NDArray[np.int8]
    history: Mapping[str, HistoryEvents]
    origin: str

    def rows(self, split: str) -> NDArray[np.int64]:
        """Return the rows of `"train"`, `"validation"` or `"test"`, in order."""
        return np.flatnonzero(self.split == SPLITS.index(split))

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield every array under its dotted name, for fingerprints."""
        for name in ("target", "context", "labels"):
            yield from ((f"{name}.{key}", array) for key, array in getattr(self, name).items())
        for name in ("user", "time", "row", "split"):
            yield name, getattr(self, name)
        for history, events in self.history.items():
            yield from ((f"history.{history}.{column}", ids) for column, ids in events.ids.items())
            yield from ((f"history.{history}.{name}", getattr(events, name)) for name in ("event", "start", "end"))


def load_dataset(
    path: Path | str | None, features: Features, seed: int = 0, *, advance: Advance | None = None
) -> Dataset:
    """Read a log and prepare it.

    Args:
        path: a folder of RecBole atomic files, one of its .inter files, a CSV or a Parquet file; None for the embedded
            log.
        features: what the columns mean.
        seed: of the embedded log.
        advance: told how far the work is.

    Raises:
        DataError: the log cannot be used, its users have too few events for the split, or a history would reach into
            the future.
    """
    from bstkit.data.leaks import check_leaks
    from bstkit.data.log import read_log
    from bstkit.data.preparation import prepare

    tell = advance or (lambda done, note: None)
    tell(0.0, "reading")
    log = read_log(None if path is None else Path(path), features, seed)
    tell(0.4, f"preparing {log.rows:,} events")
    dataset = prepare(log, features)
    check_leaks(dataset)
    tell(1.0, f"{log.rows:,} events")
    return dataset
