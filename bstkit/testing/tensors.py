"""The tensors that components exchange, filled with numbers: histories of every shape that a contract allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bstkit.contracts import TENSORS

Array = np.ndarray[Any, Any]
Tensors = dict[str, Array]

DIM, POOLED, CONTEXT, STEPS = 16, 12, 5, 6
"""Widths of sequence, pooled vector and context, and the most steps of a history, in all that the kit makes."""

MASKS = {
    "full": [1, 1, 1, 1, 1, 1],
    "padded": [1, 1, 1, 1, 0, 0],
    "length 1": [1, 0, 0, 0, 0, 0],
    "empty": [0, 0, 0, 0, 0, 0],
    "holes": [1, 0, 1, 1, 0, 1],
    "left-padded": [0, 0, 1, 1, 1, 1],
}
"""What the rows are -> their masks. Prefixes stand first."""

PREFIXES = ("full", "padded", "length 1", "empty")
"""What a component that requires `prefix_mask` is given."""

_SIZES = {"dim": DIM, "dim'": POOLED, "ctx": CONTEXT}


def sample(names: Iterable[str], mask: Array, seed: int = 0) -> Tensors:
    """Make tensors of the contract.

    Args:
        names: which.
        mask: bool `(batch, time)`.
        seed: of the numbers.

    Returns:
        name -> float32, int32 or bool array. `weight` is 0 at masked steps, as the contract has it.
    """
    rng = np.random.default_rng(seed)
    batch, time = mask.shape
    made: Tensors = {}
    for name in TENSORS:  # in one order, so that a tensor's numbers do not depend on which others are asked for
        sizes = _SIZES | {"batch": batch, "time": time}
        shape = tuple(dim if isinstance(dim, int) else sizes[dim] for dim in TENSORS[name].dims)
        values = rng.normal(size=shape).astype(np.float32)
        if name == "mask":
            made[name] = mask
        elif name == "step":
            made[name] = np.arange(time, dtype=np.int32)
        elif name == "age_seconds":
            made[name] = np.sort(rng.integers(0, 10**6, shape), axis=1)[:, ::-1].astype(np.int32)
        elif name == "session":
            made[name] = np.broadcast_to(np.arange(time) // 2, shape).astype(np.int32)
        elif name == "weight":
            made[name] = np.where(mask, np.abs(values), np.float32(0.0))
        else:
            made[name] = values
    wanted = set(names)
    return {name: values for name, values in made.items() if name in wanted}


def masks(names: Iterable[str]) -> Array:
    """The masks of these rows, bool `(batch, STEPS)`."""
    return np.array([MASKS[name] for name in names], bool)


def rows(tensors: Mapping[str, Array], order: Any) -> Tensors:
    """Some rows of tensors, in this order; what has no batch dimension stays."""
    return {name: values[order] if "batch" in TENSORS[name].dims else values for name, values in tensors.items()}


def with_masked(tensors: Mapping[str, Array], mask: Array, value: float) -> Tensors:
    """The same with a value at the masked steps of everything that has the width of a step."""
    steps = {name for name, one in TENSORS.items() if one.dims[:2] == ("batch", "time") and len(one.dims) == 3}
    return {
        name: np.where(mask[..., None], values, np.float32(value)) if name in steps else values
        for name, values in tensors.items()
    }


def with_padding(tensors: Mapping[str, Array], steps: int) -> Tensors:
    """The same with so many more masked steps behind."""
    longer = {}
    for name, values in tensors.items():
        if "time" not in TENSORS[name].dims:
            longer[name] = values
        elif name == "step":
            longer[name] = np.arange(len(values) + steps, dtype=np.int32)
        else:
            width = [(0, steps if dim == "time" else 0) for dim in TENSORS[name].dims]
            longer[name] = np.pad(values, width)
    return longer
