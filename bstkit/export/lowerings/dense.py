"""Dense: one Gemm for rank 2, MatMul and Add for any other; tf2onnx makes eight nodes of a rank-3 Dense."""

from __future__ import annotations

from typing import Any

import keras
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder

ACTIVATIONS: dict[Any, str | None] = {
    keras.activations.linear: None,
    keras.activations.relu: "Relu",
    keras.activations.sigmoid: "Sigmoid",
    keras.activations.tanh: "Tanh",
    keras.activations.softplus: "Softplus",
}
"""Activations that are one ONNX node with its default attributes."""


def lower(layer: Any, op: GraphBuilder, inputs: ir.Value) -> Any:
    """`inputs` `(batch, ..., dim)` float32 -> `(batch, ..., units)`. Other dtypes, activations, LoRA: declined."""
    plain = layer.compute_dtype == layer.variable_dtype == "float32" and not layer.lora_enabled
    if not plain or layer.activation not in ACTIVATIONS:
        return NotImplemented
    kernel = op.weight(layer.kernel)
    if layer.bias is None:
        outputs = op.MatMul(inputs, kernel)
    elif inputs.shape is not None and len(inputs.shape) == 2:  # what another layer's `to_onnx` made has no shape yet
        outputs = op.Gemm(inputs, kernel, op.weight(layer.bias))
    else:
        outputs = op.Add(op.MatMul(inputs, kernel), op.weight(layer.bias))
    activation = ACTIVATIONS[layer.activation]
    return outputs if activation is None else getattr(op, activation)(outputs)
