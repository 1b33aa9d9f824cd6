"""Marker operations: what stands in a traced TensorFlow graph for a weight, a lowered layer, or a layer's named output.

A marker is a `PyFunc` that never runs. It is stateful, so grappler neither folds nor prunes it, it takes and gives any
tensors, and tf2onnx hands it through unchanged; the token tells what to put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

DOMAIN = "bstkit.marker"
"""The ONNX domain of markers, between conversion and splicing."""

OP_TYPE = "Marker"


def marker(inputs: Sequence[Any], token: str, dtypes: Sequence[Any], shapes: Sequence[Any], name: str) -> list[Any]:
    """Add one marker to the current graph.

    Args:
        inputs: tensors it takes.
        token: key of what it stands for.
        dtypes, shapes: of its outputs; None for an unknown dimension.
        name: last part of the op's name; the current name scope comes before it.
    """
    outputs = tf.raw_ops.PyFunc(input=list(inputs), token=token, Tout=list(dtypes), name=name)
    return [tf.ensure_shape(output, shape) for output, shape in zip(outputs, shapes, strict=True)]
