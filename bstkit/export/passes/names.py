"""Readable names: `<layer>/<operation>` for nodes, the same for the values that they give."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir


def name_nodes(model: ir.Model, scopes: Mapping[str, str]) -> None:
    """Name every node after the layer that it comes from and its operation, in place.

    Inputs, outputs and weights keep their names; constants are numbered.

    Args:
        model: any model; a node without a known scope is named by its operation alone.
        scopes: name scope of a layer's call -> the layer's path.
    """
    weights = {id(value) for value in model.graph.initializers.values() if isinstance(value.const_value, ir.LazyTensor)}
    taken = {value.name for value in (*model.graph.inputs, *model.graph.outputs)}
    for graph in model.graphs():
        taken |= set(graph.initializers)
        for value in list(graph.initializers.values()):
            if id(value) not in weights:
                value.name = _unique("constant", taken)
    outside = set(model.graph.outputs)
    for node in model.graph.all_nodes():
        layer = layer_of(node.name or "", scopes)
        node.name = _unique(f"{layer}/{node.op_type}" if layer else node.op_type, taken)
        for index, value in enumerate(node.outputs):
            if value not in outside:
                value.name = node.name if len(node.outputs) == 1 else f"{node.name}:{index}"
        for body in node.attributes.values():
            if body.type == ir.AttributeType.GRAPH:
                for index, value in enumerate(body.as_graph().inputs):
                    value.name = f"{node.name}/input:{index}"


def layer_of(node_name: str, scopes: Mapping[str, str]) -> str:
    """Path of the innermost layer whose call a node comes from; empty where it is not known."""
    scope = node_name.rpartition("/")[0]
    while scope and scope not in scopes:
        scope = scope.rpartition("/")[0]
    return scopes.get(scope, "")


def _unique(name: str, taken: set[str | None]) -> str:
    first, count = name, 0
    while name in taken:
        count += 1
        name = f"{first}_{count}"
    taken.add(name)
    return name
