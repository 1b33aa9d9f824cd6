"""The parts of a slice: which of some rows fall into each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bstkit.branches import missing_columns
from bstkit.config.features import OOV_ID
from bstkit.data.dataset import Dataset

Parts = Mapping[str, NDArray[np.bool_]]
Rows = NDArray[np.int64]

HISTORY_LENGTHS = {"0": 1, "1-4": 5, "5-19": 20, "20-49": 50}
"""Part -> the first length that is past it; `50+` follows."""

SPANS = 5
"""Of equal time, from the first row to the last one."""


def parts(name: str, dataset: Dataset, rows: Rows) -> Parts:
    """Slice rows.

    Args:
        name: of `bstkit.evaluation.slices.SLICES`; `why_not` has no objection.
        dataset: where the rows stand.
        rows: int64 `(rows,)`, at least one.

    Returns:
        Part -> bool `(rows,)`, in order; each row is in one part.
    """
    if name == "history":
        return _by_history(dataset, rows)
    if name == "new-users":
        return _by_novelty(dataset.context[dataset.features.log.user][rows])
    if name == "new-items":
        return _by_novelty(next(iter(dataset.target.values()))[rows])
    return _by_time(dataset.time[rows])


def _by_history(dataset: Dataset, rows: Rows) -> Parts:
    """All steps count that the log has before a row, also those that the model does not keep.

    Of several histories the first one counts whose fields the candidate has, as in a recipe.
    """
    histories = dataset.features.history
    name = next((name for name, one in histories.items() if not missing_columns(one, dataset.features)), None)
    steps = dataset.history[name or next(iter(histories))]
    part = np.searchsorted(list(HISTORY_LENGTHS.values()), steps.end[rows] - steps.start[rows], side="right")
    return {label: part == number for number, label in enumerate((*HISTORY_LENGTHS, "50+"))}


def _by_novelty(ids: NDArray[np.int32]) -> Parts:
    """New is what the vocabulary does not hold: what the training rows lack, or held too rarely."""
    new = ids == OOV_ID
    return {"new": new, "known": ~new}


def _by_time(time: NDArray[np.float64]) -> Parts:
    edges = np.linspace(time.min(), time.max(), SPANS + 1)
    span = np.searchsorted(edges[1:-1], time, side="right")
    return {f"{number + 1} of {SPANS}, from {_moment(float(edges[number]))}": span == number for number in range(SPANS)}


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):  # no such year in the calendar
        return f"{seconds:.0f} s"
