"""Prove that sampled candidates were there to be drawn, and that their rows say no more than their positive's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.pieces import pieces, read_piece
from bstkit.errors import DataError

_HINT = "the dataset was changed after it was prepared, or this is a defect of bstkit: prepare it again, and report it"


def check_sampled(dataset: Dataset, sampled: NDArray[np.bool_]) -> None:
    """Check the sampled rows of a dataset. It reads piece by piece.

    Raises:
        DataError: a sampled row is not followed by its positive, has other histories, a label that it must not have, or
            a candidate without an event before it in its split or an earlier one.
    """
    rows = len(dataset.user)
    earliest = _earliest_events(dataset, sampled)
    for first, stop in pieces(rows):
        end = min(stop + 1, rows)  # the row behind the piece too
        new = np.flatnonzero(read_piece(sampled, first, stop))
        found = {
            "is not followed by its positive": _is_alone(dataset, sampled, first, end)[new],
            "has a history that is not its positive's": _has_other_history(dataset, first, end)[new],
            "has a label that it must not have": _has_label(dataset, first, stop)[new],
            "has a candidate that has no event before it": _is_early(dataset, earliest, first, stop)[new],
        }
        for says, wrong in found.items():
            if wrong.any():
                raise DataError(f"the sampled row {first + int(new[np.argmax(wrong)])} {says}", _HINT)


def _earliest_events(dataset: Dataset, sampled: NDArray[np.bool_]) -> NDArray[np.float64]:
    """When each candidate first happened in a split or an earlier one, `(splits, candidates)`; infinity for never."""
    ids = next(iter(dataset.target.values()))
    size = max((int(read_piece(ids, *piece).max()) for piece in pieces(len(ids))), default=-1) + 1
    earliest = np.full((len(SPLITS), size), np.inf)
    for first, end in pieces(len(ids)):
        happened = ~read_piece(sampled, first, end)
        place = (read_piece(dataset.split, first, end)[happened], read_piece(ids, first, end)[happened])
        np.minimum.at(earliest, place, read_piece(dataset.time, first, end)[happened])
    found: NDArray[np.float64] = np.minimum.accumulate(earliest, axis=0)
    return found


def _is_alone(dataset: Dataset, sampled: NDArray[np.bool_], first: int, end: int) -> NDArray[np.bool_]:
    """Whether the next row is neither sampled nor positive, or of another place in the log."""
    label = read_piece(dataset.labels[dataset.features.tasks[0]], first, end)
    wrong = ~_following((label == 1) | read_piece(sampled, first, end), False)
    for array in (dataset.user, dataset.time, dataset.row, dataset.split):
        values = read_piece(array, first, end)
        wrong |= values != _following(values, -1)
    return wrong


def _has_other_history(dataset: Dataset, first: int, end: int) -> NDArray[np.bool_]:
    wrong = np.zeros(end - first, np.bool_)
    for steps in dataset.history.values():
        for edge in (steps.start, steps.end):
            values = read_piece(edge, first, end)
            wrong |= values != _following(values, -1)
    return wrong


def _has_label(dataset: Dataset, first: int, end: int) -> NDArray[np.bool_]:
    """Whether a row is not 0 in the first task, or has a label of another one."""
    labels = [read_piece(array, first, end) for array in dataset.labels.values()]
    wrong: NDArray[np.bool_] = labels[0] != 0
    for others in labels[1:]:
        wrong |= ~np.isnan(others)
    return wrong


def _is_early(dataset: Dataset, earliest: NDArray[np.float64], first: int, end: int) -> NDArray[np.bool_]:
    ids = read_piece(next(iter(dataset.target.values())), first, end)
    early: NDArray[np.bool_] = earliest[read_piece(dataset.split, first, end), ids] >= read_piece(
        dataset.time, first, end
    )
    return early


def _following(values: NDArray[Any], behind: Any) -> NDArray[Any]:
    """The value of the next row; `behind` for the last one."""
    return np.append(values[1:], values.dtype.type(behind))
