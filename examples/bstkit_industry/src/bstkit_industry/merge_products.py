"""Dense layers that read one vector, as one product: experts, gates, towers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import onnx_ir as ir

ACTIVATIONS = frozenset({"Relu", "Sigmoid", "Tanh", "Softplus", "Elu", "LeakyRelu"})
"""Operations on each number alone, which may as well come before the numbers are dealt out."""


@dataclass(frozen=True)
class Product:
    """A matrix times a weight.

    Args:
        node: MatMul, or Gemm with a bias.
        activation: the only node that reads it, where that is one of `ACTIVATIONS`.
    """

    node: ir.Node
    activation: ir.Node | None

    @property
    def nodes(self) -> list[ir.Node]:
        """Both, or the one that there is."""
        return [self.node] if self.activation is None else [self.node, self.activation]

    @property
    def output(self) -> ir.Value:
        """What is read of it."""
        return self.nodes[-1].outputs[0]

    @property
    def likeness(self) -> tuple[object, ...]:
        """What products must have in common to become one: input, operation, activation and its attributes."""
        activation = self.activation
        attributes = [] if activation is None else [(name, one.value) for name, one in activation.attributes.items()]
        name = None if activation is None else activation.op_type
        return self.node.inputs[0], self.node.op_type, name, *sorted(attributes)


def merge_products(model: ir.Model) -> None:
    """Lay the weights of products that share an input side by side, multiply once and split the result, in place.

    An activation that all of them have is computed once, too, before the split. Only matrices `(batch, dim)` are
    merged: to split `(batch, time, dim)` copies as much as a product reads, and hides the projections of attention from
    bstkit's rewrite for ONNX Runtime. Weights are read when the file is written. What would not get fewer nodes by it
    stays as it is.

    Args:
        model: an exported model of bstkit, whose values have shapes.
    """
    alike: dict[tuple[object, ...], list[Product]] = defaultdict(list)
    for node in model.graph:
        if _is_product(node):
            product = Product(node, _activation(node))
            if not product.output.is_graph_output():
                alike[product.likeness].append(product)
    merged = 0
    for products in alike.values():
        now, then = sum(len(product.nodes) for product in products), len(products[0].nodes) + 1
        if then < now:
            merged += 1
            _merge(model.graph, products, merged)


def _is_product(node: ir.Node) -> bool:
    """Whether a node multiplies a matrix by a weight, and adds a bias if it is a Gemm."""
    if node.domain not in ("", "ai.onnx") or node.outputs[0].is_graph_output():
        return False
    if node.op_type == "Gemm":
        plain = all(node.attributes.get_float(name, 1.0) == 1.0 for name in ("alpha", "beta"))
        plain = plain and not any(node.attributes.get_int(name, 0) for name in ("transA", "transB"))
        return plain and len(node.inputs) == 3 and _is_weight(node.inputs[1], 2) and _is_weight(node.inputs[2], 1)
    return node.op_type == "MatMul" and _rank(node.inputs[0]) == 2 and _is_weight(node.inputs[1], 2)


def _is_weight(value: ir.Value | None, rank: int) -> bool:
    """Whether a value is an initializer of this rank. A bias of one number, which Gemm would repeat, is none."""
    return value is not None and value.const_value is not None and _rank(value) == rank and 1 not in value.shape


def _rank(value: ir.Value | None) -> int | None:
    return None if value is None or value.shape is None else len(value.shape)


def _activation(node: ir.Node) -> ir.Node | None:
    """The node that alone reads this one, where it is an activation."""
    uses = list(node.outputs[0].uses())
    only = uses[0].node if len(uses) == 1 else None
    return only if only is not None and only.op_type in ACTIVATIONS and only.domain in ("", "ai.onnx") else None


def _merge(graph: ir.Graph, products: Sequence[Product], number: int) -> None:
    """Put one product and a split in the place of several products."""
    first = products[0]
    replaced = [weight for product in products for weight in product.node.inputs[1:]]
    scope = f"{_common_path([product.node.name or '' for product in products])}/products_{number}"
    weights = [
        _side_by_side(graph, [product.node.inputs[place] for product in products], f"{scope}/{name}")
        for place, name in enumerate(("kernel", "bias")[: len(first.node.inputs) - 1], start=1)
    ]
    widths = [product.node.inputs[1].shape[1] for product in products]
    nodes = [ir.node(first.node.op_type, [first.node.inputs[0], *weights], name=f"{scope}/{first.node.op_type}")]
    if first.activation is not None:
        attributes = dict(first.activation.attributes)
        op_type = first.activation.op_type
        nodes.append(ir.node(op_type, nodes[0].outputs, attributes, name=f"{scope}/{op_type}"))
    for node in nodes:
        node.outputs[0].shape = ir.Shape((first.output.shape[0], sum(widths)))
        node.outputs[0].type = first.output.type
        node.outputs[0].name = node.name
    sizes = _constant(graph, np.array(widths, np.int64), f"{scope}/widths")
    split = ir.node("Split", [nodes[-1].outputs[0], sizes], {"axis": 1}, num_outputs=len(widths), name=f"{scope}/Split")
    ir.convenience.replace_nodes_and_values(
        graph,
        first.node,  # the first of them in the graph's order: what it reads stands before it
        [node for product in products for node in product.nodes],
        [*nodes, split],
        [product.output for product in products],
        split.outputs,
    )
    for weight in replaced:
        if not weight.uses():
            graph.initializers.pop(weight.name, None)


def _side_by_side(graph: ir.Graph, parts: Sequence[ir.Value], name: str) -> ir.Value:
    """A weight that holds others along their last axis; it is put together when the file is written."""
    tensors = [part.const_value for part in parts]
    shape = ir.Shape((*parts[0].shape[:-1], sum(part.shape[-1] for part in parts)))

    def read() -> ir.Tensor:
        return ir.Tensor(np.concatenate([tensor.numpy() for tensor in tensors], axis=-1), name=name)

    return _registered(graph, ir.LazyTensor(read, dtype=tensors[0].dtype, shape=shape, name=name))


def _constant(graph: ir.Graph, array: np.ndarray, name: str) -> ir.Value:
    return _registered(graph, ir.Tensor(array, name=name))


def _registered(graph: ir.Graph, tensor: ir.Tensor | ir.LazyTensor) -> ir.Value:
    value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
    graph.register_initializer(value)
    return value


def _common_path(names: Sequence[str]) -> str:
    """The path that the names of all nodes begin with; `head_ple/level_1` of its experts."""
    paths = [name.split("/")[:-1] for name in names]
    same = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return "/".join(parts[0] for parts in same) or "merged"
