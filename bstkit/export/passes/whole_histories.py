"""Leave out the search for the most recent steps where the input has no more steps than are kept.

`max(index of the last real step, n - 1)` is `n - 1` where there are `n` steps, and a gather of all `n` in order is what
it reads. Only fixed shapes tell; what is computed is the same, to the bit.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from bstkit.export.passes.constants import LARGEST
from bstkit.export.weights import Array


def keep_whole_histories(model: ir.Model) -> None:
    """Replace such maxima by constants, and such gathers by what they read, in place.

    Args:
        model: with the shapes of its values written down, and constants folded.
    """
    for node in list(model.graph):
        if node.op_type == "Max" and len(node.inputs) == 2:
            _settle(model, node)
        elif node.op_type in ("GatherElements", "GatherND"):
            _pass_through(node)


def _settle(model: ir.Model, node: ir.Node) -> None:
    """A Max whose constant side is never below the other one becomes that constant."""
    output, shape = node.outputs[0], _fixed(node.outputs[0])
    if shape is None or output.is_graph_output() or np.prod(shape) > LARGEST:
        return
    for constant, other in (node.inputs, node.inputs[::-1]):
        least, most = _constant(constant), _upper_bound(other)
        if least is not None and most is not None and (most <= least).all():
            tensor = ir.Tensor(np.broadcast_to(least, shape).copy(), name=f"settled:{output.name}")
            value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
            model.graph.register_initializer(value)
            ir.convenience.replace_all_uses_with(output, value)
            return


def _pass_through(node: ir.Node) -> None:
    """A gather of everything in order becomes what it reads, before padding that it leaves out again."""
    index, output = _constant(node.inputs[1]), node.outputs[0]
    source = node.inputs[0]
    if index is None or source is None or output.is_graph_output():
        return
    axis = node.attributes["axis"].as_int() % index.ndim if "axis" in node.attributes else 0
    if node.op_type == "GatherND":
        batch_dims = node.attributes["batch_dims"].as_int() if "batch_dims" in node.attributes else 0
        if batch_dims != index.ndim - 2 or index.shape[-1] != 1:
            return
        index, axis = index[..., 0], batch_dims
    every = np.arange(index.shape[axis]).reshape([-1 if number == axis else 1 for number in range(index.ndim)])
    if not (index == every).all():
        return
    for value in (source, _before_padding(source)):
        if value is not None and _fixed(value) is not None and _fixed(value) == _fixed(output):
            ir.convenience.replace_all_uses_with(output, value)
            return


def _before_padding(value: ir.Value) -> ir.Value | None:
    """What a Pad was given that adds behind the end only."""
    node = value.producer()
    if node is None or node.op_type != "Pad" or len(node.inputs) > 3:
        return None
    pads = _constant(node.inputs[1])
    return None if pads is None or pads[: len(pads) // 2].any() or (pads < 0).any() else node.inputs[0]


def _upper_bound(value: ir.Value | None) -> Array | None:
    """The most that each element of an integer value can be; None where nothing is known."""
    node = None if value is None else value.producer()
    if node is None:
        return _constant(value)
    if node.op_type == "ArgMax" and node.inputs[0] is not None and (shape := _fixed(node.inputs[0])) is not None:
        return np.asarray(shape[node.attributes["axis"].as_int() if "axis" in node.attributes else 0] - 1)
    if node.op_type == "Add":
        left, right = (_upper_bound(one) for one in node.inputs)
        return None if left is None or right is None else left + right
    return None


def _constant(value: ir.Value | None) -> Array | None:
    """The numbers of a constant of integers. Weights are not read."""
    tensor = None if value is None or value.is_graph_input() else value.const_value
    if tensor is None or isinstance(tensor, ir.LazyTensor) or not tensor.dtype.is_integer():
        return None
    return tensor.numpy()


def _fixed(value: ir.Value) -> list[int] | None:
    """The shape, where all of it is known."""
    dims = [] if value.shape is None else [dim for dim in value.shape if isinstance(dim, int)]
    return dims if value.shape is not None and len(dims) == len(value.shape) else None
