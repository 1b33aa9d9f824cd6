"""Compare the outputs of every layer, to name the first one whose conversion differs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.config.selection import Tolerance
from bstkit.export.assemble import assemble
from bstkit.export.cases import Feeds
from bstkit.export.trace import trace
from bstkit.export.write import write_model

LAYER_TOLERANCE = Tolerance(atol=1e-4, rtol=1e-3)
"""What an inner tensor may differ by; rounding alone stays far below."""


@dataclass(frozen=True)
class LayerDifference:
    """How far one output of one layer is apart.

    Args:
        layer: its path, and `#2` for the second call.
        max_abs: of `|onnx - tensorflow|`; NaN counts as infinity.
        differs: it is beyond `LAYER_TOLERANCE`.
    """

    layer: str
    max_abs: float
    differs: bool

    def describe(self) -> str:
        """One line of a table."""
        return f"  {'differs' if self.differs else 'equal  '}  {self.max_abs:8.1e}  {self.layer}"


def compare_layers(composed: Composed, feeds: Feeds) -> list[LayerDifference]:
    """Export the model anew with every layer's float outputs, and compare them, in the order of the calls.

    Because it exports anew, this sees faults of the conversion, not damage done to a file afterwards. Layers inside one
    that lowers itself have no outputs of their own in the graph, and are left out.
    """
    import onnxruntime

    model, traced = assemble(composed, taps=True)
    with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
        path = Path(folder) / "model.onnx"
        write_model(model, path)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        scores = dict(zip(traced.taps, session.run(list(traced.taps), feeds), strict=True))
    expected = tensorflow_outputs(composed, feeds)
    return [compare_arrays(name, scores[name], expected[name]) for name in scores if name in expected]


def tensorflow_outputs(composed: Composed, feeds: Feeds) -> dict[str, Any]:
    """Tap -> the array that the layer gives in TensorFlow, in the order of the calls."""
    traced = trace(composed.serving, composed.inputs, lower=False, taps=True, weights=False)
    outputs = traced.function(*(tf.constant(feeds[name]) for name in traced.inputs))
    values = dict(zip(traced.outputs, outputs, strict=True))
    return {name: values[name].numpy() for name in traced.taps}


def compare_arrays(name: str, scores: Any, expected: Any) -> LayerDifference:
    """One line; `name` is the tap's."""
    name = name.removeprefix("tap:")
    if scores.shape != expected.shape:
        return LayerDifference(name, float("inf"), True)
    difference = np.nan_to_num(np.abs(scores - expected), nan=np.inf)
    differs = bool((difference > LAYER_TOLERANCE.atol + LAYER_TOLERANCE.rtol * np.abs(expected)).any())
    return LayerDifference(name, float(difference.max(initial=0.0)), differs)
