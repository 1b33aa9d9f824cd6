"""Sampled candidates as rows of a dataset.

A drawn candidate becomes a row right before its positive: the columns of `[target]` are those of the drawn event; user,
time, place in the log, split, context and histories are the positive's. Its label is 0 in the first task and missing in
the others. It is nobody's event: no history holds it, and vocabularies and statistics are learned without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import FIRST_ID, Features, Sampling
from bstkit.data.dataset import SPLITS
from bstkit.data.pieces import read_piece
from bstkit.data.prepared.columns import ColumnStore
from bstkit.data.prepared.drawn_events import DrawnEvents
from bstkit.data.prepared.folder import array_names
from bstkit.data.prepared.splits import TRAIN
from bstkit.data.sampling.candidate_sampling import Draws, Events, sample_candidates
from bstkit.data.sampling.sampling_rate import sampling_rate
from bstkit.errors import DataError
from bstkit.progress import Advance


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and which share of what could have been beside training rows."""

    events: DrawnEvents
    rate: float


def draw_events(
    store: ColumnStore, features: Features, sampling: Sampling, path: Path, origin: str, advance: Advance
) -> Drawn:
    """Draw beside every positive of the first task.

    Args:
        store: with the columns of rows; codes stand where ids will, so that keys that a vocabulary lacks differ.
        features: what the columns mean.
        sampling: how to draw.
        path: file for the numbers of drawn events.
        origin: how errors name the log.
        advance: told how far the work is.

    Raises:
        DataError: nothing could be drawn beside any training row.
    """
    split = store.array("split")
    events = DrawnEvents(path, len(split), sampling.negatives_per_positive)

    def training_draws() -> Iterator[Draws]:
        """Keep all draws, and let those of training rows be counted."""
        for draws in sample_candidates(_events(store, features), sampling):
            events.put(draws)
            last = int(draws.positive[-1]) + 1
            advance(last / len(split), f"split {split[last - 1] + 1}: {last:,} of {len(split):,} rows")
            if split[last - 1] == TRAIN:
                yield draws

    rate = sampling_rate(training_draws())
    if rate is None:
        raise DataError(
            f"no candidate can be drawn beside the training rows of {origin}: none has an event before them, or their "
            "users had all of them",
            "give a log of a longer time or of more candidates, or one with negatives, and take out [sampling]",
        )
    return Drawn(events, rate)


def _events(store: ColumnStore, features: Features) -> Events:
    """What sampling looks at; only the column of positives is held in memory."""
    column, space = next(iter(features.target.items()))
    candidate: NDArray[np.int32] = store.array(f"id:{column}")
    if features.spaces[space].hash_buckets is not None:  # ids already: what has no key has one too
        candidate = np.where(candidate < FIRST_ID, np.int32(-1), candidate)
    label = f"label:{features.tasks[0]}"
    positive = np.concatenate([labels == 1 for _, (labels,) in store.pieces(label)])
    return Events(store.array("user"), store.array("time"), candidate, positive, store.array("split"))


def insert_rows(store: ColumnStore, features: Features, drawn: DrawnEvents) -> None:
    """Put a row before its positive for everything drawn, and write the column `sampled`.

    Args:
        store: with the columns of rows and the histories, which keep their steps.
        features: what the columns mean.
        drawn: from `draw_events`.
    """
    with store.writer("sampled", np.bool_) as sampled, store.writer("drawn:before", np.int64) as before:
        total = 0
        for _, _, event in drawn.pieces():
            count = np.count_nonzero(event >= 0, axis=1)
            upto = total + np.cumsum(count)
            sampled.append(_is_sampled(count))
            before.append(upto)  # so many rows come before this one that were not there
            total = int(upto[-1])
    for name, history in features.history.items():
        if history.source == "events":
            _renumber(store, f"history.{name}.event")
    target = {f"id:{column}" for column in features.target}
    labels = [f"label:{task}" for task in features.tasks]
    columns = set(array_names(features).values())
    columns |= {f"history.{name}.{edge}" for name in features.history for edge in ("start", "end")}
    for name in sorted(columns):
        column = store.array(name)
        label = None if name not in labels else (np.float32(0.0) if name == labels[0] else np.float32(np.nan))
        with store.writer(f"inserted.{name}", column.dtype) as writer:
            for first, end, event in drawn.pieces():
                there = event >= 0
                count = np.count_nonzero(there, axis=1)
                made, new = np.repeat(read_piece(column, first, end), count + 1), _is_sampled(count)
                if name in target:
                    made[new] = column[event[there]]
                elif label is not None:
                    made[new] = label
                writer.append(made)
        store.rename(f"inserted.{name}", name)


def sampled_sizes(store: ColumnStore) -> dict[str, int]:
    """Split -> number of sampled rows."""
    counts = np.zeros(len(SPLITS), np.int64)
    for _, (split, sampled) in store.pieces("split", "sampled"):
        counts += np.bincount(split[sampled], minlength=len(SPLITS))
    return dict(zip(SPLITS, counts.tolist(), strict=True))


def _is_sampled(count: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Lay out, for each row, as many sampled rows as `count` says and the row itself behind them."""
    new = np.ones(len(count) + int(count.sum()), np.bool_)
    new[np.cumsum(count + 1) - 1] = False
    return new


def _renumber(store: ColumnStore, name: str) -> None:
    """Let events be known by the places that their rows will have."""
    before = store.array("drawn:before")
    with store.writer(f"inserted.{name}", np.int64) as writer:
        for _, (event,) in store.pieces(name):
            low, high = int(event[0]), int(event[-1]) + 1
            writer.append(event + read_piece(before, low, high)[event - low])
    store.rename(f"inserted.{name}", name)
