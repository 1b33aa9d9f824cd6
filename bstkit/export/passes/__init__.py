"""Rewrites of a converted graph, for what no layer owns: names, casts, shape chains, opset.

Each edits the model in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

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

_OURS = "`bstkit verify RUN --by-layer` finds the first layer that differs; if it is none, tell the authors of bstkit"
_THEIRS = "disable its plugin, or tell its author"

BUILT_IN = "built-in passes"
"""The step that all of them are where they are checked together."""


class BrokenStep(ExportError):
    """A model is no longer right after a step of its conversion.

    Args:
        step: which one.
        cause: what the check said.
        hint: one thing to do next.
    """

    def __init__(self, step: str, cause: BstkitError, hint: str) -> None:
        super().__init__(f"after {step}: {cause.message}", hint)
        self.step = step
        self.cause = cause


def run_passes(
    model: ir.Model,
    scopes: Mapping[str, str],
    opset: int,
    passes: Sequence[GraphPass] = (),
    check: Callable[[ir.Model], None] | None = None,
    check_each: bool = False,
) -> None:
    """Run the built-in passes, then those of plugins.

    The built-in ones are checked together: the export is verified after them in any case, so that a wrong one never
    reaches a file. `check_each` is for finding out which one it is (`bstkit.export.blame`).

    Args:
        model: at opset 18, weights attached, contract stated.
        scopes: name scope of a layer's call -> the layer's path, for the nodes' names.
        opset: 17 or 18, the opset to end at.
        passes: of plugins, in order.
        check: raises a `BstkitError` where the model is no longer right; called after the built-in passes and after
            each plugin's, but only when plugins bring passes.
        check_each: call `check` on what was converted and after every built-in pass, too.

    Raises:
        ExportError: a pass raised, or `check` did after it (`BrokenStep`); the pass is named.
        PluginError: a pass cannot be imported.
    """
    if check_each and check is not None:
        checked(check, _named(model, scopes), "conversion")
    for name, rewrite in _built_in(scopes, opset):
        rewrite(model)
        if check_each and check is not None:
            checked(check, _named(model, scopes), f"built-in pass '{name}'")
    if passes and check is not None and not check_each:
        checked(check, model, BUILT_IN)
    for graph_pass in passes:
        _run(graph_pass, model)
        if check is not None:
            checked(check, model, f"export pass '{graph_pass.name}'", _THEIRS)


def _built_in(scopes: Mapping[str, str], opset: int) -> Iterator[tuple[str, Callable[[ir.Model], None]]]:
    """The built-in passes by name, in their order."""
    yield "order_nodes", order_nodes
    yield "clean_up", clean_up
    yield "infer_shapes", infer_shapes
    yield "fold_constants", fold_constants
    yield "simplify_dimensions", simplify_dimensions
    yield "merge_chains", merge_chains
    yield "merge_repeats", merge_repeats
    yield "unwrap_softmax", unwrap_softmax
    yield "clip_to_zero_or_one", clip_to_zero_or_one
    yield "clean_up", clean_up
    if opset == 17:
        yield "downgrade", downgrade
    yield "order_nodes", order_nodes
    yield "name_nodes", lambda model: name_nodes(model, scopes)
    yield "infer_shapes", infer_shapes


def _named(model: ir.Model, scopes: Mapping[str, str]) -> ir.Model:
    """A copy that ONNX Runtime loads: until the nodes are named, several bear one name. No weight is copied."""
    copy = model.clone()
    order_nodes(copy)
    name_nodes(copy, scopes)
    return copy


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
        _tidy(model)
    except Exception as error:
        raise ExportError(
            f"export pass '{graph_pass.name}' failed: {type(error).__name__}: {error}",
            _THEIRS,
        ) from error


def _tidy(model: ir.Model) -> None:
    """Take out what a plugin's pass left unread, weights too, and put what it added in order."""
    RemoveUnusedNodesPass()(model)
    order_nodes(model)
    infer_shapes(model)


def checked(check: Callable[[ir.Model], None], model: ir.Model, step: str, hint: str = _OURS) -> None:
    """Check a model after a step.

    Raises:
        BrokenStep: `check` refused it.
    """
    try:
        check(model)
    except BstkitError as error:
        raise BrokenStep(step, error, hint) from error
