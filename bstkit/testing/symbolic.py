"""Keras inputs for the tensors of a contract."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from bstkit.contracts import TENSORS
from bstkit.testing.tensors import CONTEXT, DIM, POOLED


def symbolic_inputs(names: Iterable[str], time: int | None = None) -> dict[str, Any]:
    """Make one Keras input for each tensor.

    Args:
        names: of `bstkit.contracts.TENSORS`.
        time: steps, where they are fixed.
    """
    sizes = {"batch": None, "time": time, "dim": DIM, "dim'": POOLED, "ctx": CONTEXT}
    inputs = {}
    for name in names:
        tensor = TENSORS[name]
        shape = tuple(dim if isinstance(dim, int) else sizes[dim] for dim in tensor.dims)
        dtype = "float32" if tensor.dtype == "float" else tensor.dtype
        inputs[name] = keras.Input(batch_shape=shape, name=name, dtype=dtype)
    return inputs
