"""Refuse weights that are NaN or infinite before anything is converted: no conversion could be right or wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from bstkit.errors import RunError
from bstkit.export.weights import read_variable

_PIECE = 2**22
"""Numbers that are looked at together, so that a table is never copied."""


def check_finite(variables: Iterable[Any]) -> None:
    """Check the weights of a model.

    Raises:
        RunError: some are not finite; each is named by its Keras path.
    """
    lines = [line for variable in variables if (line := _not_finite(variable))]
    if lines:
        raise RunError(
            "the run's own weights are not finite, so there is nothing to export:\n  " + "\n  ".join(lines),
            "train again, with a lower --set train.learning_rate; history.csv shows where the loss went",
        )


def _not_finite(variable: Any) -> str:
    """How many numbers of a variable are not finite, and where the first is; empty where all are."""
    if not keras.backend.is_float_dtype(variable.dtype):
        return ""
    values = read_variable(variable).reshape(-1)
    count, first = 0, -1
    for start in range(0, len(values), _PIECE):
        wrong = np.flatnonzero(~np.isfinite(values[start : start + _PIECE]))
        if len(wrong) and first < 0:
            first = start + int(wrong[0])
        count += len(wrong)
    if not count:
        return ""
    place = [int(index) for index in np.unravel_index(first, tuple(variable.shape))]
    return f"'{variable.path}': {count:,} of {len(values):,} numbers, the first is {values[first]} at {place}"
