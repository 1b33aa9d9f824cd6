"""Merge chains of nodes that move or re-type the same data: Transpose, Unsqueeze, integer Cast."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from bstkit.export.passes.cleanup import ints

_INDEX_INPUTS = {"Gather": 1, "GatherElements": 1}
"""Operation -> which input takes indices, of int32 or int64 alike."""


def merge_chains(model: ir.Model) -> None:
    """Merge what follows on itself, in place; the nodes that lose all users are left for `clean_up`."""
    for node in model.graph.all_nodes():
        before = node.inputs[0].producer() if node.inputs and node.inputs[0] is not None else None
        if (
            before is not None
            and before.graph is node.graph
            and before.op_type == node.op_type
            and before.domain == node.domain
        ):
            if node.op_type == "Transpose":
                _merge_transposes(before, node)
            elif node.op_type == "Unsqueeze":
                _merge_unsqueezes(before, node)
        if node.op_type == "Cast":
            _drop_index_cast(node)


def _merge_transposes(first: ir.Node, second: ir.Node) -> None:
    if "perm" not in first.attributes or "perm" not in second.attributes:
        return
    perm = [first.attributes["perm"].as_ints()[axis] for axis in second.attributes["perm"].as_ints()]
    second.attributes["perm"] = ir.AttrInt64s("perm", perm)
    second.replace_input_with(0, first.inputs[0])


def _merge_unsqueezes(first: ir.Node, second: ir.Node) -> None:
    """`Unsqueeze(Unsqueeze(x, a), b)` -> `Unsqueeze(x, a and b)`, for axes that count from the front."""
    inner, outer = ints(first.inputs[1]), ints(second.inputs[1])
    graph = second.graph
    if inner is None or outer is None or min(inner + outer) < 0 or not isinstance(graph, ir.Graph):
        return
    rank_now = len(inner) + len(outer)
    # Each inner axis moves behind the outer axes that are put before it.
    axes = sorted(outer)
    for axis in sorted(inner):
        free = [place for place in range(axis + rank_now + 1) if place not in outer]
        axes.append(free[axis])
    array = np.asarray(sorted(axes), np.int64)
    tensor = ir.Tensor(array, name=f"axes:{second.outputs[0].name}")
    value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
    graph.register_initializer(value)
    second.replace_input_with(0, first.inputs[0])
    second.replace_input_with(1, value)


def _drop_index_cast(node: ir.Node) -> None:
    """Let indices keep their integer width: Gather takes either."""
    source, output = node.inputs[0], node.outputs[0]
    integers = (ir.DataType.INT32, ir.DataType.INT64)
    if source is None or source.dtype not in integers or ir.DataType(node.attributes["to"].as_int()) not in integers:
        return
    if source.dtype == ir.DataType.INT64 and output.is_graph_output():
        return
    for consumer, index in list(output.uses()):
        if _INDEX_INPUTS.get(consumer.op_type) == index:
            consumer.replace_input_with(index, source)
