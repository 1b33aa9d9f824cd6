"""DeepCTR's BiasEncoding, played by ours."""

from typing import Any

from tests.golden.adapters import assign, made


def make(config: dict[str, Any], style: str, training: bool) -> Any:
    """Our layer."""
    return made("BiasEncoding", config)


def call(layer: Any, inputs: dict[str, Any], case: Any) -> dict[str, Any]:
    """A list of sessions; one session as a bare tensor, as DeepCTR wants it."""
    if layer.num_sessions == 1:
        return {"y": layer(inputs["x0"])}
    return {f"y{i}": y for i, y in enumerate(layer([inputs[f"x{i}"] for i in range(layer.num_sessions)]))}


def variables(layer: Any) -> dict[str, Any]:
    """Golden names -> ours."""
    return {
        "sess_bias_embedding": layer.session_bias,
        "seq_bias_embedding": layer.step_bias,
        "item_bias_embedding": layer.channel_bias,
    }


def load(layer: Any, weights: dict[str, Any]) -> None:
    """Assign the golden weights."""
    assign(variables(layer), weights)
