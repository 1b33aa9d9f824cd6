"""Light clean-up: identities, slices that keep everything, repeated and unused nodes."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, IdentityEliminationPass, RemoveUnusedNodesPass

END = 1_000_000_000
"""From here on an `ends` of Slice means the end; tf2onnx writes 10^9."""


def clean_up(model: ir.Model) -> None:
    """Remove what does nothing, in place. No weight is read."""
    share_constants(model)
    for node in list(model.graph.all_nodes()):
        source = node.inputs[0] if node.inputs else None
        if source is not None and keeps_everything(node):
            ir.convenience.replace_all_uses_with(node.outputs[0], source)
    IdentityEliminationPass()(model)
    CommonSubexpressionEliminationPass()(model)
    RemoveUnusedNodesPass()(model)


def keeps_everything(node: ir.Node) -> bool:
    """Whether a node is a Slice from 0 to the end in steps of 1; `x[..., None]` leaves one."""
    if node.op_type != "Slice" or node.outputs[0].is_graph_output():
        return False
    starts, ends, steps = (ints(value) for value in (node.inputs[1], node.inputs[2], (*node.inputs, None, None)[4]))
    if starts is None or ends is None or (len(node.inputs) > 4 and steps is None):
        return False
    return not any(starts) and min(ends) >= END and set(steps or [1]) == {1}


def ints(value: ir.Value | None) -> list[int] | None:
    """The integers of a constant value; None for anything else."""
    tensor = None if value is None else value.const_value
    if tensor is None or isinstance(tensor, ir.LazyTensor) or not tensor.dtype.is_integer():
        return None
    return [int(number) for number in tensor.numpy().ravel()]


def share_constants(model: ir.Model) -> None:
    """Keep one of several equal small constants. Weights are left alone: what is equal by chance stays two weights."""
    kept: dict[tuple[object, ...], ir.Value] = {}
    for value in list(model.graph.initializers.values()):
        tensor = value.const_value
        if tensor is None or isinstance(tensor, ir.LazyTensor) or value.is_graph_output():
            continue
        first = kept.setdefault((tensor.dtype, tuple(tensor.shape), tensor.tobytes()), value)
        if first is not value:
            ir.convenience.replace_all_uses_with(value, first)
            model.graph.initializers.pop(value.name or "")
