"""Prove that no history reaches into the future."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import Dataset, HistorySteps
from bstkit.errors import DataError

_HINT = "the dataset was changed after it was prepared, or this is a defect of bstkit: prepare it again, and report it"


def check_leaks(dataset: Dataset) -> None:
    """Check a dataset's order, histories and split.

    Raises:
        DataError: a history holds its own row, a later event, another user's, or one that must not be in it; one lacks
        an earlier event; rows are out of order; or a user's training rows follow validation or test rows.
    """
    order = np.lexsort((dataset.row, dataset.time, dataset.user))
    if not np.array_equal(order, np.arange(len(order))):
        raise DataError("the rows are not in the order of user, time and place in the log", _HINT)
    same_user = dataset.user[1:] == dataset.user[:-1]
    if np.any(same_user & (dataset.split[1:] < dataset.split[:-1])):
        raise DataError("a row of an earlier split follows one of a later split of the same user", _HINT)
    for name, steps in dataset.history.items():
        if steps.event is None:
            _check_rows(dataset, name, steps)
        else:
            _check_windows(dataset, name, steps, steps.event)


def _check_rows(dataset: Dataset, name: str, steps: HistorySteps) -> None:
    """What stands in a row is taken as the log says it; each row must hold its own steps and no other's."""
    rows, count = len(dataset.user), len(next(iter(steps.ids.values())))
    edges = np.append(steps.start, count)
    if len(steps.start) != rows or edges[0] != 0 or not np.array_equal(edges[1:], steps.end):
        raise DataError(f"history '{name}' gives a row the steps of another one, or leaves some out", _HINT)


def _check_windows(dataset: Dataset, name: str, steps: HistorySteps, event: NDArray[np.int64]) -> None:
    """Events are in the order of rows, so the ends of a slice speak for all of it."""
    rows = np.arange(len(dataset.user))
    positive = dataset.labels[dataset.features.tasks[0]] == 1
    expected = rows[positive] if dataset.features.history[name].events == "positive" else rows
    if not np.array_equal(event, expected):
        raise DataError(f"history '{name}' holds events that it must not, lacks some, or has them out of order", _HINT)
    count = len(event)
    padded = np.append(event, len(rows))  # an event after all others, so that every end points at something
    owner = np.append(dataset.user[event], -1)
    filled = steps.end > steps.start
    first, last = np.clip(steps.start, 0, count), np.clip(steps.end - 1, 0, count)
    following = np.clip(steps.end, 0, count)
    preceding = np.clip(steps.start - 1, 0, count)
    wrong = {
        "has a start after its end": steps.start > steps.end,
        "holds its own row or a later event": filled & (padded[last] >= rows),
        "holds an event of another user": filled & ((owner[first] != dataset.user) | (owner[last] != dataset.user)),
        "lacks an earlier event": (padded[following] < rows) & (owner[following] == dataset.user)
        | (steps.start > 0) & (owner[preceding] == dataset.user),
    }
    for says, found in wrong.items():
        if found.any():
            raise DataError(f"history '{name}' of row {int(np.argmax(found))} {says}", _HINT)
