"""DeepCTR's BiLSTM, played by `bstkit.layers.bilstm.BiLSTM`."""

from typing import Any

import tensorflow as tf

from tests.golden.adapters import assign, made
from tests.golden.cases import Case


def make(config: dict[str, Any], style: str, training: bool) -> Any:
    """Our layer."""
    return made("BiLSTM", config)


def call(layer: Any, inputs: dict[str, tf.Tensor], case: Case) -> dict[str, Any]:
    """`y`, or `y0` and `y1` where nothing is merged."""
    outputs = layer(*(inputs[name] for name in ("x", "mask") if name in inputs), training=case.training)
    return dict(zip(case.outputs, outputs if isinstance(outputs, list) else [outputs], strict=True))


def load(layer: Any, weights: dict[str, Any]) -> None:
    """Assign by name."""
    assign(variables(layer), weights)


def variables(layer: Any) -> dict[str, Any]:
    """`fw<layer>/<weight>` and `bw<layer>/<weight>`."""
    return {
        f"{prefix}{number}/{name}": getattr(lstm.cell, name)
        for prefix, stack in (("fw", layer.forward_stack), ("bw", layer.backward_stack))
        for number, lstm in enumerate(stack)
        for name in ("kernel", "recurrent_kernel", "bias")
    }
