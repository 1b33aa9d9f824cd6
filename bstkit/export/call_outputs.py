"""What a call of a layer returns, found without leaving anything in the graph that is being traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from bstkit.export.lowered_call import fill, specs_of
from bstkit.features.tables import Embedding

_KNOWN = frozenset(
    layer.call
    for layer in (
        keras.layers.BatchNormalization,
        keras.layers.Dense,
        keras.layers.Embedding,
        Embedding,
        keras.layers.LayerNormalization,
    )
)
"""Calls that return one tensor, of the layer's own dtype, whose shape `compute_output_shape` knows."""


def call_outputs(layer: Any, call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The structure that `call` returns, with a `TensorSpec` for each tensor.

    Most models are for the greater part dense layers, norms and tables, for which Keras says the shape; what a layer of
    someone else's says of itself is not believed, but its `call` is traced.

    Args:
        layer: a built layer.
        call: its own `call`.
        arguments: what it is given, by name; a tensor is a `TensorSpec`.
    """
    if type(layer).call in _KNOWN and layer.compute_dtype == layer.variable_dtype == "float32":
        shape = arguments["inputs"].shape
        if shape.rank is not None:
            return tf.TensorSpec(layer.compute_output_shape(tuple(shape)), layer.compute_dtype)
    specs = [leaf for leaf in tf.nest.flatten(arguments) if isinstance(leaf, tf.TensorSpec)]
    # A function's graph takes in values of the outer graph, such as the weights; nobody has to call it.
    with tf.__internal__.FuncGraph("aside").as_default():
        given = [tf.compat.v1.placeholder(spec.dtype, spec.shape) for spec in specs]
        returned = call(**fill(arguments, given))
        return specs_of(tf.nest.map_structure(_as_tensor, returned))


def _as_tensor(leaf: Any) -> Any:
    """A number, an array or a weight as the tensor that stands for it in a graph."""
    return leaf if leaf is None or isinstance(leaf, tf.Tensor) else tf.convert_to_tensor(leaf)
