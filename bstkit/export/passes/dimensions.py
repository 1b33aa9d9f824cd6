"""Shapes for Reshape and Expand, written straight in int64.

tf2onnx computes `(shape(x)[0], shape(x)[1], 128)` as TensorFlow does: cast to int32, cut, stack, cast back; some nine
nodes where a constant says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from bstkit.export.passes.cleanup import ints

_SHAPE_INPUT = {"Reshape": 1, "Expand": 1}
_TRANSPARENT = frozenset({"Cast", "Squeeze", "Unsqueeze"})
"""What may stand between a dimension and the vector that holds it: for one integer they change nothing."""


@dataclass(frozen=True)
class _Part:
    """One entry of a shape: a number, or dimension `axis` of `source`."""

    number: int = 0
    source: ir.Value | None = None
    axis: int = 0


def simplify_dimensions(model: ir.Model) -> None:
    """Rewrite the shapes that are made of numbers and dimensions, in place.

    `clean_up` removes what they were made of.
    """
    for node in list(model.graph):
        index = _SHAPE_INPUT.get(node.op_type)
        vector = None if index is None else node.inputs[index]
        if index is None or vector is None:
            continue
        parts = _parts(vector)
        if parts is None:
            continue
        shape = _copied(node, parts) if node.op_type == "Reshape" else _whole_shape(model, node, parts)
        node.replace_input_with(index, shape or _stacked(model, node, parts))


def _parts(vector: ir.Value) -> list[_Part] | None:
    """The entries of a computed shape; None where one is anything else."""
    node = vector.producer()
    while node is not None and node.op_type == "Cast":
        vector = node.inputs[0] or vector
        node = vector.producer()
    if node is None or node.op_type != "Concat":
        return None
    parts = [None if value is None else _part(value) for value in node.inputs]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def _part(value: ir.Value) -> _Part | None:
    node = value.producer()
    while node is not None and node.op_type in _TRANSPARENT and node.inputs[0] is not None:
        value, node = node.inputs[0], node.inputs[0].producer()
    numbers = ints(value)
    if numbers is not None:
        return _Part(number=numbers[0]) if len(numbers) == 1 and numbers[0] > 0 else None
    if node is None or node.op_type != "Slice":
        return None
    bounds = [ints(bound) for bound in node.inputs[1:3]]
    vector = node.inputs[0]
    while vector is not None and (inner := vector.producer()) is not None and inner.op_type == "Cast":
        vector = inner.inputs[0]
    shape = None if vector is None else vector.producer()
    if shape is None or shape.op_type != "Shape" or shape.attributes or shape.inputs[0] is None:
        return None
    match bounds:
        case [[start], [end]] if start >= 0 and end == start + 1:
            return _Part(source=shape.inputs[0], axis=start)
    return None


def _copied(node: ir.Node, parts: list[_Part]) -> ir.Value | None:
    """A constant shape in which 0 copies the input's own dimension; None where a dimension is another one."""
    data = node.inputs[0]
    entries = []
    for index, part in enumerate(parts):
        if part.source is not None and not (data is not None and _same(data, index, part.source, part.axis)):
            return None
        entries.append(0 if part.source is not None else part.number)
    return _constant(node, entries)


def _same(left: ir.Value, left_axis: int, right: ir.Value, right_axis: int) -> bool:
    """Whether two dimensions are known to be one."""
    if left is right:
        return left_axis == right_axis
    node = left.producer()
    if node is not None and node.op_type == "Transpose" and "perm" in node.attributes and node.inputs[0] is not None:
        perm = node.attributes["perm"].as_ints()
        if left_axis < len(perm) and _same(node.inputs[0], perm[left_axis], right, right_axis):
            return True
    if left.shape is None or right.shape is None or left_axis >= len(left.shape) or right_axis >= len(right.shape):
        return False
    first, second = left.shape[left_axis], right.shape[right_axis]
    if isinstance(first, int) or isinstance(second, int):
        return False
    return first.value is not None and first.value == second.value


def _whole_shape(model: ir.Model, node: ir.Node, parts: list[_Part]) -> ir.Value | None:
    """`Shape(x)` where the parts are all dimensions of one `x`, in order."""
    sources = [part.source for part in parts if part.source is not None]
    source = sources[0] if sources else None
    if source is None or source.shape is None or len(source.shape) != len(parts):
        return None
    for index, part in enumerate(parts):
        if part.source is None:
            if source.shape[index] != part.number:
                return None
        elif part.source is not source or part.axis != index:
            return None
    return _insert(model, node, ir.node("Shape", [source], name=f"{node.name}/Shape"))


def _stacked(model: ir.Model, node: ir.Node, parts: list[_Part]) -> ir.Value:
    """The shape as a Concat of int64 dimensions and numbers."""
    values = []
    for part in parts:
        if part.source is None:
            values.append(_constant(node, [part.number]))
        else:
            bounds = {"start": part.axis, "end": part.axis + 1}
            values.append(_insert(model, node, ir.node("Shape", [part.source], bounds, name=f"{node.name}/Shape")))
    return _insert(model, node, ir.node("Concat", values, {"axis": 0}, name=f"{node.name}/Concat"))


def _insert(model: ir.Model, before: ir.Node, node: ir.Node) -> ir.Value:
    model.graph.insert_before(before, node)
    node.outputs[0].type = ir.TensorType(ir.DataType.INT64)
    return node.outputs[0]


def _constant(node: ir.Node, entries: list[int]) -> ir.Value:
    tensor = ir.Tensor(np.asarray(entries, np.int64))
    name = f"dimensions:{node.outputs[0].name}:{'_'.join(map(str, entries))}"
    value = ir.Value(name=name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
    if not isinstance(node.graph, ir.Graph):
        raise ValueError(f"{node.name} is in no graph")
    if name not in node.graph.initializers:
        node.graph.register_initializer(value)
    return node.graph.initializers[name]
