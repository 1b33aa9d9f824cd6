"""A trained model from its run: composed in float32, no weight drawn, then read from the file, a table in pieces.

Keras draws a table, reads the file's and copies that twice on its way into the variable: more than five times its size.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bstkit.compose import Composed, compose
from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.errors import RunError
from bstkit.export.weights import read_variable
from bstkit.features.tables import tables_of_zeros
from bstkit.precision import computing_in
from bstkit.registry import Registry

_LARGE = 2**20
"""Numbers from which a variable is filled in pieces, and numbers of a piece."""


def restore(selection: Selection, features: Features, weights: Path, registry: Registry | None = None) -> Composed:
    """Compose a model and read its weights.

    Args:
        selection, features: as it was trained.
        weights: the file.
        registry: where components come from. Defaults to everything installed.

    Raises:
        RunError: the file is damaged, or of another model.
    """
    with computing_in("float32"), tables_of_zeros():
        composed = compose(selection, features, registry)
    large = [one for one in composed.serving.variables if one.shape.num_elements() >= _LARGE]
    try:
        # Keras only warns of layers that it leaves as they were.
        with _filled_in_place(large), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            composed.serving.load_weights(weights)
        if warned:
            raise ValueError(warned[0].message)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"{weights} cannot be read into the model: {reason}", "train again; the file is damaged"
        ) from error
    return composed


@contextmanager
def _filled_in_place(variables: Sequence[Any]) -> Iterator[None]:
    """Let `assign` write into the memory that Keras variables have."""
    for variable in variables:
        # Past Keras's attribute tracking, and on this instance alone.
        object.__setattr__(variable, "assign", partial(_fill, variable))
    try:
        yield
    finally:
        for variable in variables:
            object.__delattr__(variable, "assign")


def _fill(variable: Any, values: Any) -> None:
    """Write an array, or a dataset of a file, into a variable."""
    if tuple(values.shape) != tuple(variable.shape):
        raise ValueError(f"{variable.path} has shape {tuple(variable.shape)}, the file {tuple(values.shape)}")
    there, again = read_variable(variable), read_variable(variable)
    if there.ctypes.data != again.ctypes.data:  # copies: the variable is on a GPU
        type(variable).assign(variable, values)
        return
    # TensorFlow shows its memory to NumPy, but read-only. No tensor shares it: the variable was made for this.
    memory = (ctypes.c_char * there.nbytes).from_address(there.ctypes.data)
    array = np.frombuffer(memoryview(memory), there.dtype).reshape(there.shape)
    rows = max(1, _LARGE * len(array) // array.size)
    for start in range(0, len(array), rows):
        array[start : start + rows] = values[start : start + rows]
