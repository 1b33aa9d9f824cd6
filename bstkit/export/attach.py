"""Put weights and lowered layers in the places that their markers kept."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from bstkit.export.builder import GraphBuilder
from bstkit.export.lowered_call import LoweredCall, shape_of, type_of
from bstkit.export.marker import DOMAIN
from bstkit.export.trace import Trace
from bstkit.export.weights import Weights


def attach(model: ir.Model, traced: Trace) -> None:
    """Replace every marker of a converted model, in place. No weight is read."""
    weights = Weights(traced.variables)
    constants: dict[tuple[Any, ...], ir.Value] = {}
    for node in list(model.graph.all_nodes()):
        if node.domain != DOMAIN:
            continue
        token = node.attributes["token"].as_string()
        if token in traced.weights:
            _replace(node, [weights.initializer([traced.weights[token]])], [])
        else:
            scope = (node.name or "").rpartition("/")[0]
            op = GraphBuilder(weights, scope, constants)
            _replace(node, _lower(traced.calls[token], op, node), op.nodes)
    for value in (*constants.values(), *weights.values):
        if value.uses() or value.is_graph_output():
            model.graph.register_initializer(value)


def _lower(call: LoweredCall, op: GraphBuilder, node: ir.Node) -> list[ir.Value]:
    """Build a lowered call on the marker's inputs, whose shapes and dtypes tf2onnx does not write down."""
    inputs = []
    for value, spec in zip(node.inputs, call.inputs, strict=True):
        if value is None:
            raise ValueError(f"{node.name} lacks an input")
        value.shape = value.shape or shape_of(spec)
        value.type = value.type or type_of(spec)
        inputs.append(value)
    values = call.build(op, inputs)
    if values is None:
        raise ValueError(f"the lowering of {call.layer.path} declined, but not while tracing")
    outputs = []
    for value, spec in zip(values, call.outputs, strict=True):
        if value.producer() not in op.nodes or value in outputs:
            # An argument that is handed back, or one value twice: the marker's outputs need values of their own.
            value = op.Identity(value)
        value.shape, value.type = shape_of(spec), type_of(spec)
        outputs.append(value)
    return outputs


def _replace(node: ir.Node, values: list[ir.Value], nodes: list[ir.Node]) -> None:
    """Put `nodes` in the place of a marker, and `values` in the place of its outputs."""
    graph = node.graph
    if graph is None:
        raise ValueError(f"{node.name} is in no graph")
    if nodes:
        ir.convenience.replace_nodes_and_values(graph, node, [node], nodes, node.outputs, values)
    else:
        ir.convenience.replace_all_uses_with(node.outputs, values, replace_graph_outputs=True)
        graph.remove(node, safe=True)
