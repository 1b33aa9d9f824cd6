"""Masked self-attention as MultiHeadAttention, the mask in a channel of its own.

ONNX Runtime's CPU kernel computes attention tile by tile in the cache, but only without a mask; with its mask inputs it
falls back to whole score tensors. And a softmax whose masked scores underflow takes eight times as long on AVX-512. So
the mask goes into the keys. Each head gets one channel more: 1 in every query, 0 in the key of a real step. The key of
a masked step is replaced by that of the row's first real step, with -40 (times the scale) in the channel. Its score is
then at least 40 below the largest real one, whatever the weights are: `exp(-40)` is nothing beside 1 in float32, and
does not underflow. Its value is zero as before, so that it counts exactly nothing, also where no step is real.

Measured at (256, 8 heads, 51 steps, 16 wide), one thread, AVX-512: 20 ms; the portable nodes 43 ms; MultiHeadAttention
with `attention_bias` 44 ms, with `key_padding_mask` 42 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
from onnxscript.rewriter import RewriteRule, RewriteRuleClassBase

from bstkit.export.passes.cleanup import ints
from bstkit.export.targets.onnxruntime.building import (
    DOMAIN,
    Named,
    constant,
    derived,
    dims,
    graph_of,
    is_weight,
    layer_of,
    number,
)
from bstkit.export.weights import Array

FAR_BELOW = 40.0
"""How far below a real score a masked one stands: exp(-40) is 4e-18, and float32 holds it down to exp(-87)."""

GUARD = {"unidirectional": 0}
"""The default, spelt out: ONNX Runtime 1.17 is the first that knows it, and older ones refuse the file. They must: 1.15
computes other numbers where heads of queries and values differ in width.
"""

LOW_ENOUGH = -1e4
"""A fill of masked scores is at most this."""


def flash_attention() -> RewriteRule:
    """The rule."""
    rule: RewriteRule = FlashAttention.rule()  # type: ignore[no-untyped-call]  # onnxscript has no annotation there
    return rule


class FlashAttention(RewriteRuleClassBase):
    """`softmax(q @ k.T * scale + bias(mask)) @ where(mask, v, 0)`, heads split before and merged after."""

    def __init__(self) -> None:
        super().__init__(remove_nodes=False)  # what others still read stays; clean_up removes the rest

    def pattern(
        self,
        op: Any,
        query_kernel: Any,
        query_bias: Any,
        query_input: Any,
        key_kernel: Any,
        key_bias: Any,
        key_input: Any,
        value: Any,
        mask: Any,
        real_axes: Any,
        bias_axes: Any,
        zero: Any,
        fill: Any,
        scale: Any,
        query_shape: Any,
        key_shape: Any,
        value_shape: Any,
        merged_shape: Any,
    ) -> Any:
        """What is replaced."""
        query = op.Add(op.MatMul(query_input, query_kernel), query_bias, _outputs=["query"])
        key = op.Add(op.MatMul(key_input, key_kernel), key_bias, _outputs=["key"])
        real = op.Unsqueeze(mask, real_axes, _outputs=["real"])
        kept = op.Where(real, value, zero, _outputs=["kept"])
        bias = op.Unsqueeze(op.Where(mask, zero, fill), bias_axes)
        scores = op.MatMul(
            op.Transpose(op.Reshape(query, query_shape), perm=[0, 2, 1, 3]),
            op.Transpose(op.Reshape(key, key_shape), perm=[0, 2, 3, 1]),
        )
        weights = op.Softmax(op.Add(op.Mul(scores, scale), bias), _outputs=["weights"])
        heads = op.MatMul(weights, op.Transpose(op.Reshape(kept, value_shape), perm=[0, 2, 1, 3]))
        return op.Reshape(op.Transpose(heads, perm=[0, 2, 1, 3]), merged_shape, _outputs=["y"])

    def check(self, context: Any, **found: ir.Value) -> bool:  # type: ignore[override]  # by name, a bool is taken
        """Whether the shapes are those of attention, and the mask is one."""
        for side in ("query", "key"):
            if not (is_weight(found[f"{side}_kernel"], 2) and is_weight(found[f"{side}_bias"], 1)):
                return False
        heads, width = _heads(found["query_shape"])
        if not heads or not width or any(_heads(found[f"{name}_shape"])[0] != heads for name in ("key", "value")):
            return False
        merged = ints(found["merged_shape"]) or [0]
        rank = len(found["mask"].shape or ())
        fill, scale = number(found["fill"]), number(found["scale"])
        return (
            all(dims(found[name])[-1] == heads * width for name in ("query_kernel", "key_kernel"))
            and all(dims(found[name]) == [heads * width] for name in ("query_bias", "key_bias"))
            and merged[2:] == [heads * _heads(found["value_shape"])[1]]
            and rank == 2
            and (ints(found["real_axes"]), ints(found["bias_axes"])) == ([2], [1, 2])
            and number(found["zero"]) == 0.0
            and fill is not None
            and fill <= LOW_ENOUGH
            and scale is not None
            and scale > 0
            and _last_axis(found["weights"])
        )

    def rewrite(self, op: Any, **found: ir.Value) -> ir.Value:
        """The fused attention."""
        graph = graph_of(found["query_kernel"])
        heads, width = _heads(found["query_shape"])
        scale = number(found["scale"]) or 1.0
        side = {}
        for name, filling in (("query", 1.0), ("key", 0.0)):
            kernel = derived(found[f"{name}_kernel"], "mask_channel", _widener(heads, 0.0))
            bias = derived(found[f"{name}_bias"], "mask_channel", _widener(heads, filling))
            projection = Named(op, layer_of(found[name]))
            side[name] = projection.Add(projection.MatMul(found[f"{name}_input"], kernel), bias)
        attention = Named(op, layer_of(found["y"]))
        shift = np.zeros((heads, width + 1), np.float32)
        shift[:, width] = -FAR_BELOW / scale
        # ArgMax gives the first of equals, and step 0 where no step is real: any finite key will do there.
        first = attention.ArgMax(attention.Cast(found["real"], to=ir.DataType.INT32.value), axis=1, keepdims=1)
        beside = attention.Add(
            attention.GatherND(side["key"], first, batch_dims=1), constant(graph, shift.reshape(-1))
        )  # (batch, 1, heads * (width + 1))
        key = attention.Where(found["real"], side["key"], beside)
        fused = {"num_heads": heads, "scale": scale, **GUARD}
        return attention.MultiHeadAttention(side["query"], key, found["kept"], **fused, _domain=DOMAIN, _version=1)


def _heads(shape: ir.Value) -> tuple[int, int]:
    """Heads and their width from the shape of a Reshape `(batch, time, heads, width)`; zeros for any other."""
    entries = ints(shape) or []
    return (entries[2], entries[3]) if len(entries) == 4 and min(entries[2:]) > 0 else (0, 0)


def _last_axis(softmax: ir.Value) -> bool:
    node = softmax.producer()
    return node is not None and ("axis" not in node.attributes or node.attributes["axis"].as_int() in (-1, 3))


def _widener(heads: int, filling: float) -> Callable[[Array], Array]:
    """A function that gives each head of the last axis one channel more, behind its own."""

    def widen(array: Array) -> Array:
        split = array.reshape(*array.shape[:-1], heads, -1)
        channel = np.full((*split.shape[:-1], 1), filling, array.dtype)
        return np.concatenate([split, channel], axis=-1).reshape(*array.shape[:-1], -1)

    return widen
