"""The target for devices: every shape a number, an `.ort` file beside it, and what phones' accelerators make of it.

A batch has `[export] edge_batch` rows, a history as many steps as the model keeps: `max_length`, or `max_sessions`
sessions of `session_length` steps. A caller fills a shorter history up with padding behind its steps, sends of a longer
one the most recent steps, and fills a batch up with rows whose scores it drops.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.errors import ExportError
from bstkit.export.passes.cleanup import clean_up
from bstkit.export.passes.constants import fold_constants
from bstkit.export.passes.shapes import infer_shapes
from bstkit.export.passes.whole_histories import keep_whole_histories
from bstkit.inputs import BATCH


def fixed_sizes(composed: Composed, batch: int) -> dict[str, int]:
    """Name of each dimension of the inputs -> its number."""
    sizes = {BATCH: batch}
    for spec in composed.inputs:
        if spec.history is None:
            continue
        history = composed.features.history[spec.history]
        match spec.dims[1:]:
            case [steps]:
                sizes[steps] = history.max_length
            case [sessions, steps]:
                sizes |= {sessions: history.max_sessions, steps: history.session_length}
    return sizes


def fix_shapes(model: ir.Model, composed: Composed) -> None:
    """Give every value of a finished graph a fixed shape, and leave out what that settles, in place.

    No weight is read; each keeps its name.

    Raises:
        ExportError: the batch has no rows; or the shape of a value depends on more than the shapes of the inputs, and
            every such node is listed.
    """
    batch = composed.selection.export.edge_batch
    if batch < 1:
        raise ExportError(f"a batch of {batch} rows cannot be exported", "give edge_batch 1 or more")
    sizes = fixed_sizes(composed, batch)
    for graph in model.graphs():
        for value in (*graph.inputs, *graph.outputs, *(output for node in graph for output in node.outputs)):
            _fix(value, sizes)
    nodes = -1
    # A shape that is now computed makes others known, and those may be what a further shape is made of.
    while len(model.graph) != nodes:
        nodes = len(model.graph)
        infer_shapes(model)
        fold_constants(model)
        keep_whole_histories(model)
        clean_up(model)
    dynamic = [node for node in model.graph if not all(_is_fixed(value) for value in node.outputs if value.name)]
    if dynamic:
        raise ExportError(
            "a model for edge devices has fixed shapes, and these operations give others:\n  "
            + "\n  ".join(f"{node.name}: {node.op_type}" for node in dynamic),
            "give the layer a `to_onnx` whose shapes depend on those of its inputs alone, or use --target portable",
        )


def _fix(value: ir.Value, sizes: Mapping[str, int]) -> None:
    if value.shape is not None:
        value.shape = ir.Shape([dim if isinstance(dim, int) else _size(dim, sizes) for dim in value.shape])


def _size(dim: ir.SymbolicDim, sizes: Mapping[str, int]) -> int | str | None:
    return dim.value if dim.value is None else sizes.get(dim.value, dim.value)


def _is_fixed(value: ir.Value) -> bool:
    return value.shape is not None and all(isinstance(dim, int) for dim in value.shape)
