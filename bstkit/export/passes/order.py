"""One order for one model: tf2onnx's order of nodes and constants changes from process to process."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir


def order_nodes(model: ir.Model) -> None:
    """Sort nodes as a walk from the outputs, in order, through their inputs, in order, meets them last; and
    initializers by first use. In place. What no output needs goes to the end.

    Two exports of one model are then equal byte for byte, and their names can be compared.
    """
    graph = model.graph
    ordered = list(_walk(graph))
    rest = [node for node in graph if node not in set(ordered)]
    graph.remove(ordered + rest)
    graph.extend(ordered + rest)
    values = dict.fromkeys(value for node in graph for value in _inputs(node) if value.is_initializer())
    initializers = [value for value in values if value.graph is graph]
    unused = [value for value in graph.initializers.values() if value not in values]
    for value in (*initializers, *unused):
        graph.initializers.pop(value.name or "")
        graph.register_initializer(value)


def _walk(graph: ir.Graph) -> Iterator[ir.Node]:
    """Nodes that the outputs need, each after those that it needs."""
    done: set[ir.Node] = set()
    for output in graph.outputs:
        stack = [(output.producer(), False)]
        while stack:
            node, expanded = stack.pop()
            if node is None or node in done or node.graph is not graph:
                continue
            if expanded:
                done.add(node)
                yield node
            else:
                stack.append((node, True))
                stack.extend((value.producer(), False) for value in reversed(list(_inputs(node))))


def _inputs(node: ir.Node) -> Iterator[ir.Value]:
    """The values that a node reads, those that its bodies capture included."""
    yield from (value for value in node.inputs if value is not None)
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            for inner in attribute.as_graph():
                yield from _inputs(inner)
