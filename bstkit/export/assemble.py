"""From a composed model to a finished ONNX graph: trace, convert, attach, state the contract, run the passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir

from bstkit.component import GraphPass
from bstkit.compose import Composed
from bstkit.export.attach import attach
from bstkit.export.contract import check_rules, state_contract
from bstkit.export.convert import convert
from bstkit.export.id_keys import Keys
from bstkit.export.passes import checked, run_passes
from bstkit.export.raw_ids import put_vocabularies
from bstkit.export.targets import TARGETS, fit_to_target
from bstkit.export.trace import Trace, trace
from bstkit.version import __version__


def assemble(
    composed: Composed,
    passes: Sequence[GraphPass] = (),
    check: Callable[[ir.Model], None] | None = None,
    taps: bool = False,
    keys: Mapping[str, Keys] | None = None,
    check_each: bool = False,
) -> tuple[ir.Model, Trace]:
    """Build the ONNX model of `composed.serving`. Its weights stay where they are until it is written.

    Args:
        composed: the model.
        passes: of plugins, after the built-in ones.
        check: called with the model after the built-in passes and after each plugin's; see `run_passes`.
        taps: also give every layer's float outputs, under the names in the trace's `taps`.
        keys: id space -> its keys, to put inside the graph; None: the graph takes encoded ids.
        check_each: also call `check` after every built-in pass and every later step, to find the one that breaks a
            model.

    Returns:
        The model and the trace that it comes from.

    Raises:
        ExportError: an operation has no ONNX form, a lowering or a pass failed, or the graph breaks a rule.
    """
    selection = composed.selection
    traced = trace(composed.serving, composed.inputs, taps=taps)
    model = convert(traced)
    attach(model, traced)
    state_contract(
        model,
        composed.inputs,
        tuple(composed.serving.output_names),
        {"version": __version__, "recipe": selection.recipe},
    )
    run_passes(model, traced.scopes, selection.export.opset, passes, check, check_each)
    if keys is not None:
        put_vocabularies(model, composed.inputs, keys)
        if check_each and check is not None:
            checked(check, model, "the vocabularies of raw ids")
    if not taps:
        fit_to_target(model, composed)
        if check_each and check is not None and TARGETS[selection.export.target].rewrite is not None:
            checked(check, model, f"the rewrite for target '{selection.export.target}'")
        check_rules(model, TARGETS[selection.export.target].domains)
    return model, traced
