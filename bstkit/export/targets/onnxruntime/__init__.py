"""The graph that ONNX Runtime runs fastest on a CPU: what measured faster than its own fusions of the portable graph.

ONNX Runtime fuses what it knows when it loads a file (Gemm with its activation, MatMul with its scale). Here stands
only what it does not find by itself, or should not merge; each module says what was measured.
"""

from __future__ import annotations

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.export.contract import LOWEST as METADATA
from bstkit.export.passes.cleanup import clean_up
from bstkit.export.passes.names import name_nodes
from bstkit.export.passes.shapes import infer_shapes
from bstkit.export.targets.onnxruntime.building import DOMAIN

DOMAINS = frozenset({DOMAIN})
"""Domains of the operations that it may use beside ai.onnx."""

LOWEST = "1.17"
"""The oldest ONNX Runtime that loads a graph with its own operations (`attention.GUARD`); opset 17 and 18 alike. 1.17,
1.18, 1.20 and 1.31 were tried.
"""


def rewrite(model: ir.Model, composed: Composed) -> None:
    """Rewrite a finished portable graph, in place. No weight is read."""
    from onnxscript.rewriter import RewriteRuleSet  # imported here: no other target needs it

    from bstkit.export.targets.onnxruntime.attention import flash_attention
    from bstkit.export.targets.onnxruntime.feed_forward import pointwise_feed_forward
    from bstkit.export.targets.onnxruntime.residual_norm import keep_apart

    count = RewriteRuleSet([flash_attention(), pointwise_feed_forward()]).apply_to_model(model)
    if not count + keep_apart(model):
        return
    clean_up(model)
    layers = {(node.name or "").rpartition("/")[0] for node in model.graph.all_nodes()} - {""}
    name_nodes(model, {layer: layer for layer in layers})
    infer_shapes(model)
    if any(node.domain == DOMAIN for node in model.graph.all_nodes()):
        model.metadata_props[METADATA] = LOWEST
