"""Keras variables as ONNX initializers that are read only when the file is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

Array = np.ndarray[Any, Any]


def read_variable(variable: Any) -> Array:
    """A variable's value without a copy. `variable.numpy()` would copy: twice the memory of a large table."""
    return np.asarray(variable.value.read_value())


def unique_names(variables: Sequence[Any]) -> dict[str, Any]:
    """Name each variable by its Keras path; a path that comes again gets `_1`, `_2`.

    Paths repeat when sublayers are created and built in `__init__`. The order of `variables` decides who keeps the bare
    path, so two calls for one model agree.
    """
    names: dict[str, Any] = {}
    for variable in variables:
        name, count = variable.path, 0
        while name in names:
            count += 1
            name = f"{variable.path}_{count}"
        names[name] = variable
    return names


class Weights:
    """Makes one initializer for each variable, or function of variables, that a graph uses.

    Args:
        variables: every variable of the model, in the model's order.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        names = unique_names(variables)
        self._names = {id(variable): name for name, variable in names.items()}
        self._paths = frozenset(names)  # what is computed from weights never bears the path of one
        self._made: dict[tuple[Any, ...], ir.Value] = {}
        self._taken: set[str] = set()

    @property
    def values(self) -> tuple[ir.Value, ...]:
        """The initializers made so far, in order."""
        return tuple(self._made.values())

    def initializer(self, variables: Sequence[Any], fn: Callable[..., Array] | None = None) -> ir.Value:
        """The initializer of a variable, or of `fn` of the values of some variables.

        Args:
            variables: one Keras variable; several only with `fn`.
            fn: called with their arrays when the file is written, and with zeros now, to learn shape and dtype.
        """
        # fn itself is part of the key: it stays alive here, so that its identity cannot be used again.
        key = (*map(id, variables), fn)
        if key not in self._made:
            self._made[key] = self._make(variables, fn)
        return self._made[key]

    def _make(self, variables: Sequence[Any], fn: Callable[..., Array] | None) -> ir.Value:
        name = self._name(variables[0], fn)
        if fn is None:
            shape, dtype = tuple(variables[0].shape), ir.DataType.from_numpy(np.dtype(variables[0].dtype))
        else:
            # A broadcast zero takes no memory, whatever the table's size.
            zeros = [np.broadcast_to(np.zeros((), variable.dtype), variable.shape) for variable in variables]
            sample = fn(*zeros)
            shape, dtype = sample.shape, ir.DataType.from_numpy(sample.dtype)

        def read() -> ir.Tensor[Array]:
            arrays = [read_variable(variable) for variable in variables]
            array = arrays[0] if fn is None else np.ascontiguousarray(fn(*arrays))
            return ir.Tensor(array, name=name)

        tensor = ir.LazyTensor(read, dtype=dtype, shape=ir.Shape(shape), name=name)
        return ir.Value(name=name, shape=ir.Shape(shape), type=ir.TensorType(dtype), const_value=tensor)

    def _name(self, variable: Any, fn: Callable[..., Array] | None) -> str:
        name = str(self._names.get(id(variable), variable.path))
        if fn is not None:
            suffix = fn.__name__ if fn.__name__.isidentifier() else "derived"
            name = f"{name}/{suffix}"
        first, count = name, 0
        while name in self._taken or (fn is not None and name in self._paths):
            count += 1
            name = f"{first}_{count}"
        self._taken.add(name)
        return name
