"""Which steps of a history a batch of rows is fed: the most recent ones, flat or cut into sessions.

Windows are cut when a batch is made: by count, and by age where `max_age_s` says so. Steps rise in time within a row's
slice, so that the first one young enough is found by bisection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import Dataset
from bstkit.errors import DataError

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """The histories of a batch.

    Args:
        position: int64 `(batch, time)` or `(batch, sessions, time)`, which step stands there; 0 where none does.
        real: bool, same shape, whether one does.
    """

    position: Places
    real: NDArray[np.bool_]


def recent_steps(dataset: Dataset, name: str, rows: Places) -> Window:
    """Keep each row's most recent `max_length` steps, oldest first; `(batch, time)`, time at least 1."""
    start, end = _slices(dataset, name, rows, dataset.features.history[name].max_length)
    return _fill(end, end - start)


def recent_sessions(dataset: Dataset, name: str, rows: Places) -> Window:
    """Keep each row's most recent `max_sessions` sessions, and of each the most recent `session_length` steps.

    Both are oldest first; `(batch, sessions, time)`, each at least 1.

    Raises:
        DataError: nothing says what ends a session.
    """
    return _fill(*_session_slices(dataset, name, rows))


def step_counts(dataset: Dataset, name: str, rows: Places) -> Places:
    """Return the steps that each row keeps, int64 `(batch,)`."""
    start, end = _slices(dataset, name, rows, dataset.features.history[name].max_length)
    return end - start


def session_cells(dataset: Dataset, name: str, rows: Places) -> Places:
    """Return sessions times steps of the longest one, which each row takes by itself, int64 `(batch,)`."""
    counts = _session_slices(dataset, name, rows)[1]
    cells: Places = np.count_nonzero(counts, axis=1) * counts.max(axis=1)
    return cells


def _fill(end: Places, count: Places) -> Window:
    """Lay out the `count` steps before each `end` along a new last axis."""
    step = np.arange(max(1, int(count.max(initial=0))))
    real = step < count[..., None]
    return Window(np.where(real, (end - count)[..., None] + step, 0), real)


def _slices(dataset: Dataset, name: str, rows: Places, most: int | None = None) -> tuple[Places, Places]:
    """Return the first step and the end of each row's steps that are young enough, at most so many, both `(batch,)`."""
    steps, max_age_s = dataset.history[name], dataset.features.history[name].max_age_s
    start, end = steps.start[rows], steps.end[rows]
    if most is not None:
        start = np.maximum(start, end - most)
    if max_age_s is not None:
        start = _first_young(dataset, name, dataset.time[rows], start, end, max_age_s)
    return start, end


def _first_young(
    dataset: Dataset, name: str, now: NDArray[np.float64], start: Places, end: Places, max_age_s: float
) -> Places:
    """Return the first of the steps from `start` to `end` that is not too old; `end` where all are."""
    last = len(next(iter(dataset.history[name].ids.values()))) - 1
    for _ in range(int((end - start).max(initial=0)).bit_length()):
        middle = (start + end) // 2
        old = now - dataset.step_times(name, np.minimum(middle, last)) > max_age_s  # a finished search may ask past it
        searching = start < end
        start, end = np.where(searching & old, middle + 1, start), np.where(searching & ~old, middle, end)
    return start


def _session_slices(dataset: Dataset, name: str, rows: Places) -> tuple[Places, Places]:
    """Return the end and the number of kept steps of each row's sessions, both `(batch, sessions)`.

    Sessions are numbered over all slices, so that the first step of each is found by its number.
    """
    history, session = dataset.features.history[name], dataset.history[name].session
    if session is None:
        raise DataError(
            f"history '{name}' has no sessions, and the model reads it cut into them",
            f"say what ends a session in features.toml:  [history.{name}] session_gap_s = 1800",
        )
    if not len(session):
        return np.zeros((len(rows), 1), np.int64), np.zeros((len(rows), 1), np.int64)
    start, end = _slices(dataset, name, rows)
    filled = end > start
    first = session[np.where(filled, start, 0)]
    last = session[np.where(filled, end - 1, 0)]
    kept = np.where(filled, np.minimum(last - first + 1, history.max_sessions), 0)
    place = np.arange(max(1, int(kept.max(initial=0))))
    number = (last - kept + 1)[:, None] + place
    # The row may stand inside its last session, and the first may begin with steps that are too old.
    begin = np.maximum(np.searchsorted(session, number, side="left"), start[:, None])
    stop = np.minimum(np.searchsorted(session, number, side="right"), end[:, None])
    count = np.where(place < kept[:, None], np.minimum(stop - begin, history.session_length), 0)
    return stop, count
