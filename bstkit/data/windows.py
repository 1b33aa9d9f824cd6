"""Which steps of a history a batch of rows is fed: the most recent ones, flat or cut into sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import History
from bstkit.data.dataset import HistorySteps


@dataclass(frozen=True)
class Window:
    """The histories of a batch.

    Args:
        position: int64 `(batch, time)` or `(batch, sessions, time)`, which step stands there; 0 where none does.
        real: bool, same shape, whether one does.
    """

    position: NDArray[np.int64]
    real: NDArray[np.bool_]


def recent_steps(steps: HistorySteps, rows: NDArray[np.int64], history: History) -> Window:
    """Keep each row's most recent `max_length` steps, oldest first; `(batch, time)`, time at least 1."""
    return _fill(steps.end[rows], step_counts(steps, rows, history))


def recent_sessions(steps: HistorySteps, rows: NDArray[np.int64], history: History) -> Window:
    """Keep each row's most recent `max_sessions` sessions, and of each the most recent `session_length` steps.

    Both are oldest first; `(batch, sessions, time)`, each at least 1.
    """
    return _fill(*_session_slices(steps, rows, history))


def step_counts(steps: HistorySteps, rows: NDArray[np.int64], history: History) -> NDArray[np.int64]:
    """Return the steps that each row keeps, int64 `(batch,)`."""
    counts: NDArray[np.int64] = np.minimum(steps.end[rows] - steps.start[rows], history.max_length)
    return counts


def session_cells(steps: HistorySteps, rows: NDArray[np.int64], history: History) -> NDArray[np.int64]:
    """Return sessions times steps of the longest one, which each row takes by itself, int64 `(batch,)`."""
    counts = _session_slices(steps, rows, history)[1]
    cells: NDArray[np.int64] = np.count_nonzero(counts, axis=1) * counts.max(axis=1)
    return cells


def _fill(end: NDArray[np.int64], count: NDArray[np.int64]) -> Window:
    """Lay out the `count` steps before each `end` along a new last axis."""
    step = np.arange(max(1, int(count.max(initial=0))))
    real = step < count[..., None]
    return Window(np.where(real, (end - count)[..., None] + step, 0), real)


def _session_slices(
    steps: HistorySteps, rows: NDArray[np.int64], history: History
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the end and the number of kept steps of each row's sessions, both `(batch, sessions)`.

    Sessions are numbered over all users, so that the first step of each is found by its number.
    """
    session = steps.session
    if session is None:
        raise ValueError("`steps` must have sessions: set `session_gap_s`. Received: session=None")
    end = steps.end[rows]
    filled = end > steps.start[rows]
    if not len(session):
        return np.zeros((len(rows), 1), np.int64), np.zeros((len(rows), 1), np.int64)
    first = session[np.where(filled, steps.start[rows], 0)]
    last = session[np.where(filled, end - 1, 0)]
    kept = np.where(filled, np.minimum(last - first + 1, history.max_sessions), 0)
    place = np.arange(max(1, int(kept.max(initial=0))))
    number = (last - kept + 1)[:, None] + place
    begin = np.searchsorted(session, number, side="left")
    stop = np.minimum(np.searchsorted(session, number, side="right"), end[:, None])  # the row may stand inside one
    count = np.where(place < kept[:, None], np.minimum(stop - begin, history.session_length), 0)
    return stop, count
