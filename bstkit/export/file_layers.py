"""Compare what the layers of an exported file give with what they give in TensorFlow, to name the first that differs.

The file is taken as it is: the nodes of a layer bear its path, so that the value which leaves them is the layer's
output.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.export.cases import Feeds
from bstkit.export.checks import read_model
from bstkit.export.layers import LayerDifference, compare_arrays, tensorflow_outputs
from bstkit.export.passes.shapes import infer_shapes
from bstkit.export.write import write_model

_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16})


def compare_file_layers(
    composed: Composed, path: Path, feeds: Feeds, given: Mapping[str, Any] | None = None
) -> list[LayerDifference]:
    """Score rows with a file that also gives its layers' outputs, and compare them, in the order of the calls.

    Args:
        composed: the model that the file was exported from.
        path: the file.
        feeds: rows for TensorFlow.
        given: the same rows as the file takes them; `feeds` where it takes encoded ids.

    Returns:
        One line for each layer whose float output the file still has: what a pass has merged into another layer, or
        given another shape, is left out.
    """
    import onnxruntime

    expected = tensorflow_outputs(composed, feeds)
    model = read_model(path)
    infer_shapes(model)
    values = _outputs(model, list(expected))
    known = {value.name for value in model.graph.outputs}
    model.graph.outputs.extend(value for value in dict.fromkeys(values.values()) if value.name not in known)
    with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
        write_model(model, Path(folder) / "model.onnx")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(Path(folder) / "model.onnx", options, providers=["CPUExecutionProvider"])
        names = [value.name for value in values.values()]
        scores = dict(zip(values, session.run(names, dict(given or feeds)), strict=True))
    return [
        compare_arrays(tap, scores[tap], expected[tap]) for tap in scores if scores[tap].shape == expected[tap].shape
    ]


def _outputs(model: ir.Model, taps: list[str]) -> dict[str, ir.Value]:
    """Tap -> the value in the file; calls of one layer are matched in order, where there are as many of both."""
    calls: dict[str, list[str]] = {}
    for tap in taps:
        calls.setdefault(tap.removeprefix("tap:").partition("#")[0], []).append(tap)
    found: dict[str, ir.Value] = {}
    for layer, of_layer in calls.items():
        leaving = _leaving(model, layer)
        if len(of_layer) == 1:
            leaving = leaving[-1:]
        if len(leaving) == len(of_layer):
            found |= dict(zip(of_layer, leaving, strict=True))
    return {tap: found[tap] for tap in taps if tap in found}


def _leaving(model: ir.Model, layer: str) -> list[ir.Value]:
    """Float values that a layer's nodes make and others read, in the order of the graph."""

    def inside(node: ir.Node) -> bool:
        return (node.name or "").startswith(f"{layer}/")

    return [
        value
        for node in model.graph
        if inside(node)
        for value in node.outputs
        if value.dtype in _FLOATS and (value.is_graph_output() or any(not inside(use.node) for use in value.uses()))
    ]
