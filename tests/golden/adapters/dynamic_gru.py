"""DeepCTR's DynamicGRU, played by `bstkit.layers.dynamic_gru.DynamicGRU`."""

from typing import Any

import tensorflow as tf

from tests.golden.adapters import assign, made
from tests.golden.cases import Case


def make(config: dict[str, Any], style: str, training: bool) -> Any:
    """Our layer."""
    return made("DynamicGRU", config)


def call(layer: Any, inputs: dict[str, tf.Tensor], case: Case) -> dict[str, Any]:
    """Scores lose DeepCTR's last axis of 1; the last state gets its middle one back."""
    weight = tf.squeeze(inputs["att_score"], -1) if "att_score" in inputs else None
    output = layer(inputs["x"], weight=weight, length=inputs["seq_len"])
    return {"y": output if layer.return_sequences else output[:, None]}


def load(layer: Any, weights: dict[str, Any]) -> None:
    """Assign by name."""
    assign(variables(layer), weights)


def variables(layer: Any) -> dict[str, Any]:
    """The same four names."""
    return {name: getattr(layer, name) for name in ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")}
