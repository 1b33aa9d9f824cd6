"""Rewrites of a converted graph, for what no layer owns: names, casts, shape chains, opset.

Each edits the model in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import onnx_ir as ir

from bstkit.component import GraphPass
from bstkit.errors import BstkitError, ExportError, PluginError
from bstkit.export.passes.chains import merge_chains
from bstkit.export.passes.cleanup import clean_up
from bstkit.export.passes.constants import fold_constants
from bstkit.export.passes.dimensions import simplify_dimensions
from bstkit.export.passes.names import name_nodes
from bstkit.export.passes.opset_17 import downgrade
from bstkit.export.passes.order import order_nodes
from bstkit.export.passes.repeats import merge_repeats
from bstkit.export.passes.shapes import infer_shapes
from bstkit.export.passes.softmax import unwrap_softmax
from bstkit.export.passes.zero_or_one import clip_to_zero_or_one


def run_passes(
    model: ir.Model,
    scopes: Mapping[str, str],
    opset: int,
    passes: Sequence[GraphPass] = (),
    check: Callable[[ir.Model], None] | None = None,
) -> None:
    """Run the built-in passes, then those of plugins.

    Args:
        model: at opset 18, weights attached, contract stated.
        scopes: name scope of a layer's call -> the layer's path, for the nodes' names.
        opset: 17 or 18, the opset to end at.
        passes: of plugins, in order.
        check: raises a `BstkitError` where the model is no longer right; called after the built-in passes and after
            each plugin's, but only when plugins bring passes.

    Raises:
        ExportError: a pass raised, or `check` did after it; the pass is named.
        PluginError: a pass cannot be imported.
    """
    order_nodes(model)
    clean_up(model)
    infer_shapes(model)
    fold_constants(model)
    simplify_dimensions(model)
    merge_chains(model)
    merge_repeats(model)
    unwrap_softmax(model)
    clip_to_zero_or_one(model)
    clean_up(model)
    if opset == 17:
        downgrade(model)
    order_nodes(model)
    name_nodes(model, scopes)
    infer_shapes(model)
    if passes and check is not None:
        _checked(check, model, "built-in passes")
    for graph_pass in passes:
        _run(graph_pass, model)
        if check is not None:
            _checked(check, model, f"export pass '{graph_pass.name}'")


def _run(graph_pass: GraphPass, model: ir.Model) -> None:
    module, _, function = graph_pass.target.partition(":")
    try:
        rewrite = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"export pass '{graph_pass.name}' cannot be imported from {graph_pass.target}: {error}",
            "`bstkit plugins` shows its plugin",
        ) from error
    try:
        rewrite(model)
    except Exception as error:
        raise ExportError(
            f"export pass '{graph_pass.name}' failed: {type(error).__name__}: {error}",
            "disable its plugin, or tell its author",
        ) from error


def _checked(check: Callable[[ir.Model], None], model: ir.Model, name: str) -> None:
    try:
        check(model)
    except BstkitError as error:
        raise ExportError(f"after {name}: {error.message}", "disable its plugin, or tell its author") from error
