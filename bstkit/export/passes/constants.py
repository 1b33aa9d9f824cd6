"""Compute what only depends on constants and known dimensions. Weights are not constants: they are never read."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from bstkit.export.weights import Array

LARGEST = 1 << 16
"""Most elements that a folded value may have; a larger one costs more in the file than its nodes cost to run."""

FOLDED = frozenset(
    {
        *("Shape", "Range", "Cast", "Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Less", "Greater", "Where"),
        *("Concat", "Expand", "Gather", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"),
    }
)
"""Operations of shape chains and position tables.

Float arithmetic with rounding of its own (Exp, MatMul) is left to the runtime.
"""


def fold_constants(model: ir.Model) -> None:
    """Replace nodes of `FOLDED` by their value where every input is a constant, in place."""
    for node in list(model.graph):
        value = _compute(node, model.opset_imports[""])
        output = node.outputs[0]
        if value is None or value.size > LARGEST or output.is_graph_output():
            continue
        tensor = ir.Tensor(value, name=f"folded:{output.name}")
        folded = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
        model.graph.register_initializer(folded)
        ir.convenience.replace_all_uses_with(output, folded)


def _compute(node: ir.Node, opset: int) -> Array | None:
    """The node's value; None where it depends on an input of the model or on a weight."""
    if node.op_type not in FOLDED or node.domain not in ("", "ai.onnx"):
        return None
    if node.op_type == "Shape":
        return _static_shape(node)
    feeds = {}
    for index, value in enumerate(node.inputs):
        if value is None:
            continue
        tensor = value.const_value
        if tensor is None or isinstance(tensor, ir.LazyTensor) or value.is_graph_input():
            return None
        feeds[f"input_{index}"] = tensor.numpy()
    names = ["" if value is None else f"input_{index}" for index, value in enumerate(node.inputs)]
    proto = onnx.helper.make_node(node.op_type, names, ["output"])
    proto.attribute.extend(ir.to_proto(attribute) for attribute in node.attributes.values())
    infos = [
        onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for name, a in feeds.items()
    ]
    graph = onnx.helper.make_graph([proto], "constant", infos, [onnx.ValueInfoProto(name="output")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    [output] = ReferenceEvaluator(model).run(None, feeds)
    return np.asarray(output)


def _static_shape(node: ir.Node) -> Array | None:
    """The dimensions that a Shape node gives, where all of them are known."""
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    if shape is None:
        return None
    start, end = (node.attributes[key].as_int() if key in node.attributes else None for key in ("start", "end"))
    dims = [dim for dim in list(shape)[start:end] if isinstance(dim, int)]
    return np.asarray(dims, np.int64) if len(dims) == len(list(shape)[start:end]) else None
