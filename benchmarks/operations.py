"""How many operations the matrix products of a Keras model take, counted in TensorFlow's graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf


def forward_operations(model: keras.Model, shapes: Mapping[str, tuple[int, ...]], steps: int) -> float:
    """Count `2 m k n` for each matrix product of one call, as while serving; nothing else counts.

    Args:
        model: takes a dict of inputs.
        shapes: of each input, the batch included.
        steps: how often each loop runs; those of recurrent layers run once a step of the history.

    Raises:
        ValueError: the graph does not tell a product's shape.
    """
    specs = {name: tf.TensorSpec(shape, model.input[name].dtype) for name, shape in shapes.items()}
    traced = tf.function(lambda inputs: model(inputs, training=False)).get_concrete_function(specs)
    return _count(traced.graph, steps)


def _count(graph: Any, steps: int) -> float:
    """The operations of a graph and of the functions that it calls."""
    total = 0.0
    for node in graph.get_operations():
        if node.type in ("MatMul", "BatchMatMulV2", "BatchMatMul"):
            total += _product(node)
        elif node.type == "Einsum":
            total += _einsum(node)
        for name in ("body", "f"):  # of a loop, and of a call
            if name in node.node_def.attr and node.node_def.attr[name].HasField("func"):
                inner = graph._get_function(node.node_def.attr[name].func.name)  # there is no other way
                total += _count(inner.graph, steps) * (steps if name == "body" else 1)
    return total


def _product(node: Any) -> float:
    left, out = _shape(node, node.inputs[0]), _shape(node, node.outputs[0])
    turned = node.get_attr("transpose_a" if node.type == "MatMul" else "adj_x")
    return 2.0 * math.prod(out) * left[-2 if turned else -1]


def _einsum(node: Any) -> float:
    """Every letter is a loop."""
    inputs = node.get_attr("equation").decode().partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for letters, tensor in zip(inputs, node.inputs, strict=True):
        sizes |= zip(letters, _shape(node, tensor), strict=True)
    return 2.0 * math.prod(sizes.values())


def _shape(node: Any, tensor: Any) -> list[int]:
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"`graph` must tell the shape of each product. Received: {node.name} of {tensor.shape}")
    shape: list[int] = tensor.shape.as_list()
    return shape
