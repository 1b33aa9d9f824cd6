"""DeepCTR's Transformer, played by DeepctrTransformer."""

from typing import Any

from tests.golden.adapters import assign, made


def make(config: dict[str, Any], style: str, training: bool) -> Any:
    """Our layer."""
    return made("Transformer", config)


def call(layer: Any, inputs: dict[str, Any], case: Any) -> dict[str, Any]:
    """Queries and keys, or queries alone; each with its length or its mask."""
    given = {ours: inputs[name] for name, ours in ARGUMENTS.items() if name in inputs}
    result = layer(**given, training=case.training)
    return {"y": result if layer.output_type is None else result[:, None]}


def variables(layer: Any) -> dict[str, Any]:
    """Golden names -> ours."""
    found = {name: getattr(layer, f"{name}_dense").kernel for name in ("query", "key", "value")}
    if layer.attention_type == "additive":
        found |= {"b": layer.scores.bias, "v": layer.scores.vector}
    if layer.attention_type == "ln":
        found |= _norm("att_ln_q", layer.scores.query_norm) | _norm("att_ln_k", layer.scores.key_norm)
    if layer.use_feed_forward:
        found |= {"fw1": layer.ffn_hidden.kernel, "fw2": layer.ffn_output.kernel}
    if layer.use_layer_norm:
        found |= _norm("ln", layer.norm)
    if layer.use_positional_encoding:
        found |= {"query_pe": layer.query_position.table, "key_pe": layer.key_position.table}
    return found


def load(layer: Any, weights: dict[str, Any]) -> None:
    """Assign the golden weights."""
    assign(variables(layer), weights)


def _norm(name: str, norm: Any) -> dict[str, Any]:
    return {f"{name}/gamma": norm.gamma, f"{name}/beta": norm.beta}


ARGUMENTS = {
    "queries": "sequence",
    "queries_mask": "mask",
    "queries_len": "length",
    "keys": "keys",
    "keys_mask": "keys_mask",
    "keys_len": "keys_length",
}
"""Input of the file -> argument of our call."""
