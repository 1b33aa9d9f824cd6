"""A prepared log: every event as a row to score, with ids, labels and the events that came before it.

Rows stand in the order (user, time, place in the log); that order is also the tie-break between events of one second. A
user's history at a row is everything of that user before it in this order, never the row itself and nothing after it. A
history with `source = "row"` is what the log says in the row, and as free of the future as the log is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Features
from bstkit.errors import DataError
from bstkit.progress import Advance, StagesAsOne

SPLITS = ("train", "validation", "test")

PREPARATION = {
    "read log": 0.4,
    "number keys": 0.1,
    "sort events": 0.2,
    "split": 0.05,
    "encode": 0.05,
    "sample candidates": 0.0,
    "lay out histories": 0.1,
}
"""Stages of a preparation, and about which share of its time each takes; the check for leaks is the rest.

Few logs have candidates sampled; those that have wait at this stage.
"""


@dataclass(frozen=True)
class HistorySteps:
    """The steps of one history, for all rows, stored once; each row's history is a slice of them.

    Args:
        ids: column -> int32 `(steps,)`.
        start: int64 `(rows,)`, each row's first step: the first event of the row's user, or the first value in the row.
        end: int64 `(rows,)`, one past the row's last step: the last event before the row, or the last value in it.
        event: int64 `(steps,)`, the row that each step was; None for `source = "row"`.
        time: float64 `(steps,)`, seconds, rising within a slice, of the steps of `source = "row"`; None where they have
            none, and for events, whose time is that of their row.
        weight: float32 `(steps,)`; None without `weight` in features.toml.
        session: int64 `(steps,)`, numbers the sessions of all slices from 0; None without `session_gap_s`.
    """

    ids: Mapping[str, NDArray[np.int32]]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    event: NDArray[np.int64] | None = None
    time: NDArray[np.float64] | None = None
    weight: NDArray[np.float32] | None = None
    session: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Dataset:
    """A prepared log.

    Args:
        features: with row counts, means and deviations learned from the training rows.
        vocabularies: space -> keys, the first with id 2.
        target: column -> int32 `(rows,)`.
        context: column -> int32 ids or float32 numbers `(rows,)`, NaN where missing.
        labels: task -> float32 `(rows,)`, 0 or 1; NaN where missing, which only a log of several tasks may have.
        user: int32 `(rows,)`, numbers the users from 0.
        time: float64 `(rows,)`, seconds.
        row: int64 `(rows,)`, place of the event in the log, from 0.
        split: int8 `(rows,)`, an index into `SPLITS`.
        history: history -> its steps.
        origin: what was read.
        skipped: rows of the log that were left out because they could not be used, by reason.
        sampled: bool `(rows,)`, rows that are no events: candidates drawn beside the next row that is one, which share
            its `user`, `time`, `row` and `split`. None for logs without `[sampling]`.
    """

    features: Features
    vocabularies: Mapping[str, tuple[str, ...]]
    target: Mapping[str, NDArray[np.int32]]
    context: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[np.float32]]
    user: NDArray[np.int32]
    time: NDArray[np.float64]
    row: NDArray[np.int64]
    split: NDArray[np.int8]
    history: Mapping[str, HistorySteps]
    origin: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    sampled: NDArray[np.bool_] | None = None

    def rows(self, split: str) -> NDArray[np.int64]:
        """Return the rows of `"train"`, `"validation"` or `"test"`, in order."""
        return np.flatnonzero(self.split == SPLITS.index(split))

    def labelled(self, task: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some rows that have a label of a task."""
        return rows[~np.isnan(self.labels[task][rows])]

    def step_times(self, name: str, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return when some steps of a history happened.

        Raises:
            DataError: they stand in the row, and the log does not say when they happened.
        """
        steps = self.history[name]
        if steps.event is not None:
            return self.time[steps.event[position]]
        if steps.time is None:
            raise DataError(
                f"the steps of history '{name}' stand in the row and have no time, which ages are made of",
                f"name its column in features.toml:  [history.{name}] time = ..., or choose components that read no "
                "age_seconds for this history",
            )
        return steps.time[position]

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield every array under its dotted name, for fingerprints; sessions follow from times and are left out."""
        for name in ("target", "context", "labels"):
            yield from ((f"{name}.{key}", array) for key, array in getattr(self, name).items())
        for name in ("user", "time", "row", "split"):
            yield name, getattr(self, name)
        if self.sampled is not None:
            yield "sampled", self.sampled
        for history, steps in self.history.items():
            yield from ((f"history.{history}.{column}", ids) for column, ids in steps.ids.items())
            for name in ("event", "time", "start", "end", "weight"):
                array = getattr(steps, name)
                if array is not None:
                    yield f"history.{history}.{name}", array


def load_dataset(
    path: Path | str | None, features: Features, seed: int = 0, *, advance: Advance | None = None
) -> Dataset:
    """Open a prepared dataset; or read a log and prepare it in a temporary folder.

    Args:
        path: a folder that `bstkit data prepare` wrote, or a log; None for the embedded log.
        features: what the columns mean.
        seed: of the embedded log.
        advance: told how far the work is.

    Returns:
        The dataset; of a log, in memory.

    Raises:
        DataError: the log cannot be used, its users have too few events for the split, a history would reach into the
            future, or a dataset was prepared with features that say otherwise.
    """
    from bstkit.data.leaks import check_leaks
    from bstkit.data.prepared.adoption import adopt
    from bstkit.data.prepared.folder import is_dataset, open_dataset
    from bstkit.data.prepared.job import preparation

    if path is not None and is_dataset(Path(path)):
        return adopt(open_dataset(path), features)
    with TemporaryDirectory(prefix="bstkit-") as place:
        progress = StagesAsOne(advance, PREPARATION)
        with preparation(Path(place), None if path is None else Path(path), features, progress, seed=seed):
            pass
        dataset = open_dataset(place, in_memory=True)
        with progress.stage("check for leaks"):
            check_leaks(dataset)
    return dataset
