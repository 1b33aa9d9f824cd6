"""LayerNormalization: one node. tf2onnx writes fifteen, which ONNX Runtime does not fuse again."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder


def lower(layer: Any, op: GraphBuilder, inputs: ir.Value) -> Any:
    """`inputs` `(..., dim)` float32, normalised over its last axis. Other axes, dtypes and RMS scaling: declined."""
    axes = layer.axis if isinstance(layer.axis, list) else [layer.axis]
    plain = layer.compute_dtype == layer.variable_dtype == "float32" and not layer.rms_scaling
    if not plain or inputs.shape is None or axes not in ([-1], [len(inputs.shape) - 1]):
        return NotImplemented
    width = inputs.shape[-1]
    if not isinstance(width, int):
        return NotImplemented
    scale = op.weight(layer.gamma) if layer.scale else np.ones(width, np.float32)
    bias = op.weight(layer.beta) if layer.center else None
    return op.LayerNormalization(inputs, scale, bias, axis=-1, epsilon=float(layer.epsilon))
