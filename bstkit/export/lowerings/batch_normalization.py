"""BatchNormalization of vectors: one node that holds the layer's own four weights. tf2onnx writes eight."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder


def lower(layer: Any, op: GraphBuilder, inputs: ir.Value, mask: Any = None) -> Any:
    """`inputs` `(batch, dim)` float32, by the moving statistics, which no mask touches. Other ranks and dtypes:
    declined.
    """
    plain = layer.compute_dtype == layer.variable_dtype == "float32"
    if not plain or inputs.shape is None or len(inputs.shape) != 2 or layer.axis not in (-1, 1):
        return NotImplemented
    width = layer.moving_mean.shape[0]
    scale = op.weight(layer.gamma) if layer.scale else np.ones(width, np.float32)
    shift = op.weight(layer.beta) if layer.center else np.zeros(width, np.float32)
    mean, variance = op.weight(layer.moving_mean), op.weight(layer.moving_variance)
    return op.BatchNormalization(inputs, scale, shift, mean, variance, epsilon=float(layer.epsilon))
