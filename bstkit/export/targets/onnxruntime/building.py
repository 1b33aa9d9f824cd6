"""What the rules build with: constants, weights that are computed when the file is written, nodes named by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.export.weights import Array

DOMAIN = "com.microsoft"
"""Of ONNX Runtime's own operations."""


def is_weight(value: ir.Value | None, rank: int) -> bool:
    """Whether a value is a float32 initializer of this rank, all of whose dimensions are known."""
    if value is None or value.const_value is None or value.graph is None or value.dtype != ir.DataType.FLOAT:
        return False
    return value.shape is not None and len(value.shape) == rank and all(isinstance(dim, int) for dim in value.shape)


def dims(value: ir.Value) -> list[Any]:
    """Its dimensions; none where they are not known."""
    return [] if value.shape is None else list(value.shape)


def graph_of(weight: ir.Value) -> ir.Graph:
    """The graph that an initializer is in."""
    if weight.graph is None:
        raise ValueError(f"{weight.name} is in no graph")
    return weight.graph


def number(value: ir.Value | None) -> float | None:
    """The number that a small constant holds; None for anything else, a weight above all."""
    tensor = None if value is None else value.const_value
    if tensor is None or isinstance(tensor, ir.LazyTensor) or tensor.size != 1:
        return None
    return float(tensor.numpy().item())


def constant(graph: ir.Graph, array: Array) -> ir.Value:
    """A new constant of a graph; `clean_up` merges equal ones."""
    name = f"constant:{len(graph.initializers)}"
    tensor = ir.Tensor(array, name=name)
    value = ir.Value(name=name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
    graph.register_initializer(value)
    return value


def derived(weight: ir.Value, suffix: str, fn: Callable[[Array], Array]) -> ir.Value:
    """The weight `<name>/<suffix>`, which is `fn` of another one's array, computed when the file is written.

    It never bears the other one's name: whoever compares the names of a file with those of Keras finds equal arrays.
    """
    graph, source = graph_of(weight), weight.const_value
    if source is None or weight.shape is None:
        raise ValueError(f"{weight.name} is no initializer")
    name = f"{weight.name}/{suffix}"
    if name in graph.initializers:
        return graph.initializers[name]
    # A broadcast zero takes no memory, whatever the weight's size.
    shape = ir.Shape(fn(np.broadcast_to(np.zeros((), np.float32), weight.shape.numpy())).shape)

    def read() -> ir.Tensor[Array]:
        return ir.Tensor(np.ascontiguousarray(fn(source.numpy())), name=name)

    tensor = ir.LazyTensor(read, dtype=ir.DataType.FLOAT, shape=shape, name=name)
    value = ir.Value(name=name, shape=shape, type=ir.TensorType(ir.DataType.FLOAT), const_value=tensor)
    graph.register_initializer(value)
    return value


def layer_of(value: ir.Value) -> str:
    """Path of the layer whose node makes a value."""
    node = value.producer()
    return "" if node is None else (node.name or "").rpartition("/")[0]


class Named:
    """The `op` of a rule, which names each node that it adds by a layer.

    Args:
        op: the rule's.
        layer: path of the layer.
    """

    def __init__(self, op: Any, layer: str) -> None:
        self._op = op
        self._layer = layer

    def __getattr__(self, op_type: str) -> Callable[..., ir.Value]:
        def add(*inputs: Any, **attributes: Any) -> ir.Value:
            value: ir.Value = getattr(self._op, op_type)(*inputs, **attributes)
            node = value.producer()
            if node is not None:
                node.name = f"{self._layer}/{op_type}"
            return value

        return add
