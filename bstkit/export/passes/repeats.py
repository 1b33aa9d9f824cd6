"""What says the same in two ways: axes counted from the end, a mask that is applied twice."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from bstkit.export.passes.cleanup import ints


def merge_repeats(model: ir.Model) -> None:
    """Write the axes of Unsqueeze from the front, and merge `Where(m, Where(m, x, y), y)`, in place.

    `clean_up` then merges what has become equal, and removes what has lost all users.
    """
    for node in list(model.graph):
        if node.op_type == "Unsqueeze":
            _count_from_front(model, node)
    for node in model.graph:
        inner = node.inputs[1].producer() if node.op_type == "Where" and node.inputs[1] is not None else None
        if inner is None or inner.op_type != "Where" or inner.inputs[2] is not node.inputs[2]:
            continue
        if _same_mask(inner.inputs[0], node.inputs[0]):
            node.replace_input_with(1, inner.inputs[1])


def _count_from_front(model: ir.Model, node: ir.Node) -> None:
    axes, source = ints(node.inputs[1]), node.inputs[0]
    if axes is None or min(axes) >= 0 or source is None or source.shape is None:
        return
    rank = len(source.shape) + len(axes)
    array = np.asarray(sorted(axis % rank for axis in axes), np.int64)
    name = f"axes:{'_'.join(map(str, array))}"
    if name not in model.graph.initializers:
        tensor = ir.Tensor(array, name=name)
        value = ir.Value(name=name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
        model.graph.register_initializer(value)
    node.replace_input_with(1, model.graph.initializers[name])


def _same_mask(first: ir.Value | None, second: ir.Value | None) -> bool:
    """Whether both are one value, or the same axes added to one value."""
    if first is second:
        return True
    nodes = [value.producer() if value is not None else None for value in (first, second)]
    if any(node is None or node.op_type != "Unsqueeze" for node in nodes):
        return False
    [left, right] = [node for node in nodes if node is not None]
    return left.inputs[0] is right.inputs[0] and ints(left.inputs[1]) == ints(right.inputs[1]) is not None
