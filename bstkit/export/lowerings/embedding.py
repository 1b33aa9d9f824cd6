"""Embedding: one Gather; tf2onnx adds three nodes that wrap negative ids, which Gather itself does."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from bstkit.export.builder import GraphBuilder


def lower(layer: Any, op: GraphBuilder, inputs: ir.Value) -> Any:
    """`inputs` int32 or int64 ids of any shape -> `(..., dim)` float32. Other dtypes and LoRA: declined."""
    plain = layer.compute_dtype == layer.variable_dtype == "float32" and not layer.lora_enabled
    if not plain or inputs.dtype not in (ir.DataType.INT32, ir.DataType.INT64):
        return NotImplemented
    return op.Gather(op.weight(layer.embeddings), inputs, axis=0)
