"""Count true as 1 where what is compared are integers: Clip in place of Greater and Cast."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from bstkit.export.passes.cleanup import ints


def clip_to_zero_or_one(model: ir.Model) -> None:
    """`Cast(Greater(x, 0))` back to the integer type of `x` -> `Clip(x, 0, 1)`, in place, where nothing else reads the
    comparison but its shape. `clean_up` removes it.
    """
    for node in list(model.graph):
        value = node.inputs[0] if node.inputs else None
        if node.op_type != "Greater" or value is None or ints(node.inputs[1]) != [0] or not _only_counted(node, value):
            continue
        for reader, index in list(node.outputs[0].uses()):
            if reader.op_type == "Shape":
                reader.replace_input_with(index, value)
                continue
            bounds = [_constant(model, value, bound) for bound in (0, 1)]
            clip = ir.node("Clip", [value, *bounds], name=f"{(reader.name or '').rpartition('/')[0]}/Clip")
            model.graph.insert_before(reader, clip)
            clip.outputs[0].type, clip.outputs[0].shape = value.type, value.shape
            ir.convenience.replace_all_uses_with(reader.outputs[0], clip.outputs[0])


def _only_counted(node: ir.Node, value: ir.Value) -> bool:
    """Whether every reader of a comparison casts it to the type of `value`, or asks for its shape."""
    zero, result = node.inputs[1], node.outputs[0]
    if value.dtype not in (ir.DataType.INT32, ir.DataType.INT64) or zero is None or len(zero.shape or ()) > 0:
        return False
    return not result.is_graph_output() and all(
        reader.op_type == "Shape"
        or (
            reader.op_type == "Cast"
            and reader.attributes["to"].as_int() == value.dtype.value
            and not reader.outputs[0].is_graph_output()
        )
        for reader, _ in result.uses()
    )


def _constant(model: ir.Model, like: ir.Value, number: int) -> ir.Value:
    """A scalar of the type of `like`."""
    dtype = np.int32 if like.dtype == ir.DataType.INT32 else np.int64
    tensor = ir.Tensor(np.array(number, dtype), name=f"bound:{dtype.__name__}:{number}")
    if tensor.name not in model.graph.initializers:
        value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
        model.graph.register_initializer(value)
    return model.graph.initializers[str(tensor.name)]
