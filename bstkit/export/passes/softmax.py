"""Softmax along any axis as one node; TensorFlow knows the last axis alone and transposes before and after."""

from __future__ import annotations

import onnx_ir as ir


def unwrap_softmax(model: ir.Model) -> None:
    """`Transpose(Softmax(Transpose(x)))`, the second undoing the first -> `Softmax(x)` along that axis, in place.

    The nodes that lose all users are left for `clean_up`.
    """
    for back in list(model.graph):
        softmax = _before(back, "Transpose")
        turn = None if softmax is None else _before(softmax, "Softmax")
        if softmax is None or turn is None or turn.op_type != "Transpose" or turn.inputs[0] is None:
            continue
        perms = [node.attributes["perm"].as_ints() if "perm" in node.attributes else () for node in (turn, back)]
        rank = len(perms[0])
        axis = softmax.attributes["axis"].as_int() if "axis" in softmax.attributes else -1
        if not rank or len(perms[1]) != rank or [perms[0][place] for place in perms[1]] != list(range(rank)):
            continue
        if back.outputs[0].is_graph_output():
            continue
        node = ir.node("Softmax", [turn.inputs[0]], {"axis": perms[0][axis]}, name=softmax.name)
        model.graph.insert_before(back, node)
        node.outputs[0].type, node.outputs[0].shape = back.outputs[0].type, back.outputs[0].shape
        ir.convenience.replace_all_uses_with(back.outputs[0], node.outputs[0])


def _before(node: ir.Node, op_type: str) -> ir.Node | None:
    """What makes the input of a node of this type; None for other nodes."""
    if node.op_type != op_type or node.inputs[0] is None:
        return None
    return node.inputs[0].producer()
