"""Prove that no history and no training row reaches into the future.

The check knows the dataset and its features only, not how they were made. It reads piece by piece.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import SPLITS, Dataset, HistorySteps
from bstkit.data.pieces import pieces, read_piece
from bstkit.data.sampling.sampled_leaks import check_sampled
from bstkit.errors import DataError

_HINT = "the dataset was changed after it was prepared, or this is a defect of bstkit: prepare it again, and report it"


def check_leaks(dataset: Dataset) -> None:
    """Check a dataset's order, histories and split.

    Raises:
        DataError: a history holds its own row, a later event, another user's, or one that must not be in it; one lacks
            an earlier event; rows are out of order; or a validation or test event, or anything after it, stands before
            a training row of the same user or, in a split by time, of anyone; or a sampled row is not as
            `check_sampled` says.
    """
    rows = len(dataset.user)
    for first, end in pieces(rows):
        _check_order(dataset, first, end)
    if dataset.features.split.time is not None:
        _check_time_split(dataset)
    if dataset.sampled is not None:
        check_sampled(dataset, dataset.sampled)
    for name, steps in dataset.history.items():
        if steps.event is None:
            _check_rows(dataset, name, steps)
        else:
            _check_events(dataset, name, steps.event)
            for first, end in pieces(rows):
                _check_windows(dataset, name, steps, steps.event, first, end)


def _check_order(dataset: Dataset, first: int, end: int) -> None:
    """Neighbouring rows; the last one of the piece before included."""
    begin = max(0, first - 1)
    user, time, row, split = (
        read_piece(array, begin, end) for array in (dataset.user, dataset.time, dataset.row, dataset.split)
    )
    same_user, same_time = user[1:] == user[:-1], time[1:] == time[:-1]
    not_before = row[1:] > row[:-1]
    not_before |= ~_happened(dataset, begin, end)[:-1] & (row[1:] == row[:-1])  # sampled: at its positive's place
    later = (time[1:] > time[:-1]) | (same_time & not_before)
    if not np.all((user[1:] > user[:-1]) | (same_user & later)):
        raise DataError("the rows are not in the order of user, time and place in the log", _HINT)
    earlier_split = np.flatnonzero(same_user & (split[1:] < split[:-1]))
    if len(earlier_split):
        place = int(earlier_split[0])
        message = (
            f"a row of an earlier split follows one of a later split of the same user: row {int(row[place + 1]) + 1} "
            f"of the log is for {SPLITS[split[place + 1]]}, and its history holds what row {int(row[place]) + 1}, "
            f"which is for {SPLITS[split[place]]}, knows"
        )
        if dataset.features.split.column is not None:
            raise DataError(message, f"correct the column {dataset.features.split.column!r}: later rows, later splits")
        raise DataError(message, _HINT)


def _check_time_split(dataset: Dataset) -> None:
    """Everything of a split happens before anything of the next."""
    low, high = np.full(len(SPLITS), np.inf), np.full(len(SPLITS), -np.inf)
    for first, end in pieces(len(dataset.user)):
        time, split = read_piece(dataset.time, first, end), read_piece(dataset.split, first, end)
        for part in range(len(SPLITS)):
            chosen = time[split == part]
            low[part] = chosen.min(initial=low[part])
            high[part] = chosen.max(initial=high[part])
    if np.any(high[:-1] >= low[1:]):
        raise DataError("the split is by time, and a row happened after one of a later split", _HINT)


def _check_rows(dataset: Dataset, name: str, steps: HistorySteps) -> None:
    """Each row must hold its own steps and no other's; where they have times, earlier ones only, in order.

    What has no times is taken as the log says it.
    """
    rows, count = len(dataset.user), len(next(iter(steps.ids.values())))
    stop = 0
    for first, end in pieces(len(steps.start)):
        start, upto = read_piece(steps.start, first, end), read_piece(steps.end, first, end)
        happened = _happened(dataset, first, end)  # sampled rows have the steps of their positive
        start, upto = start[happened], upto[happened]
        if not len(start):
            continue
        if start[0] != stop or not np.array_equal(start[1:], upto[:-1]) or np.any(upto < start):
            raise DataError(f"history '{name}' gives a row the steps of another one, or leaves some out", _HINT)
        stop = int(upto[-1])
        if steps.time is not None:
            times = read_piece(steps.time, int(start[0]), stop)
            owner = np.repeat(np.arange(len(start)), upto - start)
            if np.any(times >= read_piece(dataset.time, first, end)[happened][owner]):
                raise DataError(f"history '{name}' gives a row steps that are not older than the row", _HINT)
            if np.any((owner[1:] == owner[:-1]) & (times[1:] < times[:-1])):
                raise DataError(f"history '{name}' gives a row steps that are out of order", _HINT)
    if len(steps.start) != rows or stop != count:
        raise DataError(f"history '{name}' gives a row the steps of another one, or leaves some out", _HINT)


def _happened(dataset: Dataset, first: int, end: int) -> NDArray[np.bool_]:
    """Which rows are events rather than sampled."""
    if dataset.sampled is None:
        return np.ones(end - first, np.bool_)
    return ~read_piece(dataset.sampled, first, end)


def _check_events(dataset: Dataset, name: str, event: NDArray[np.int64]) -> None:
    """The steps are exactly the rows that the features ask for."""
    labels = dataset.labels[dataset.features.tasks[0]]
    only_positive = dataset.features.history[name].events == "positive"
    taken = 0
    for first, end in pieces(len(dataset.user)):
        kept = _happened(dataset, first, end)
        if only_positive:
            kept &= read_piece(labels, first, end) == 1
        expected = first + np.flatnonzero(kept)
        if not np.array_equal(read_piece(event, taken, min(taken + len(expected), len(event))), expected):
            taken = -1
            break
        taken += len(expected)
    if taken != len(event):
        raise DataError(f"history '{name}' holds events that it must not, lacks some, or has them out of order", _HINT)


def _check_windows(
    dataset: Dataset, name: str, steps: HistorySteps, event: NDArray[np.int64], first: int, stop: int
) -> None:
    """Events are in the order of rows, so the ends of a slice speak for all of it."""
    rows, count = np.arange(first, stop), len(event)
    user = read_piece(dataset.user, first, stop)
    start, end = read_piece(steps.start, first, stop), read_piece(steps.end, first, stop)
    filled = end > start
    around = _Around(dataset, event, int(min(start.min(), end.min())) - 1, int(max(start.max(), end.max())) + 1)
    wrong = {
        "has a start after its end": start > end,
        "holds its own row or a later event": filled & (around.row(end - 1) >= rows),
        "holds an event of another user": filled & ((around.user(start) != user) | (around.user(end - 1) != user)),
        "lacks an earlier event": ((around.row(end) < rows) & (around.user(end) == user))
        | ((start > 0) & (around.user(start - 1) == user)),
    }
    for says, found in wrong.items():
        if found.any():
            raise DataError(f"history '{name}' of row {first + int(np.argmax(found))} {says}", _HINT)
    if int(end.max()) > count:
        raise DataError(f"history '{name}' reaches past its last event", _HINT)


class _Around:
    """The events that the slices of a piece touch: the row and the user of each.

    Before the first event stands nobody's, and behind the last one too, after all rows.
    """

    def __init__(self, dataset: Dataset, event: NDArray[np.int64], low: int, high: int) -> None:
        self._low, self._count = max(0, low), len(event)
        found = read_piece(event, self._low, min(max(high, self._low), self._count))
        first = int(found[0]) if len(found) else 0
        last = int(found[-1]) + 1 if len(found) else 0
        user = read_piece(dataset.user, first, last)
        self._row = np.append(found, len(dataset.user))
        self._user = np.append(user[found - first], -1)

    def row(self, place: NDArray[np.int64]) -> NDArray[Any]:
        """The row that each event was."""
        return self._row[self._inside(place)]

    def user(self, place: NDArray[np.int64]) -> NDArray[Any]:
        """Whose it was."""
        return self._user[self._inside(place)]

    def _inside(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.clip(place - self._low, 0, len(self._row) - 1)
