"""What DeepCTR's layers and arguments are called here: one table, for migration and for the golden tests.

DeepCTR names a layer's arguments one way, STYLE names ours another; a value may be spelled differently too. Nothing
else states the correspondence. Importing this module imports no layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Translation:
    """One DeepCTR layer in our words.

    Args:
        target: our class, `"module:Class"`.
        arguments: DeepCTR's argument -> ours; None where ours has no counterpart, because a call says it (masks or
            lengths), because it changes no number (seeds), or as the comment there says.
        fixed: arguments of ours that DeepCTR's layer implies.
        values: DeepCTR's argument -> its values that are spelled differently -> our spelling.
        only: DeepCTR's argument -> the one value that ours can do; it needs no argument here.
        has_exact: our class takes `deepctr_exact`, which reproduces DeepCTR's defects.
    """

    target: str
    arguments: Mapping[str, str | None]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    only: Mapping[str, Any] = field(default_factory=dict)
    has_exact: bool = True


DEEPCTR: dict[str, Translation] = {
    "SequencePoolingLayer": Translation(
        "bstkit.layers.sequence_pooling:SequencePooling", {"mode": "mode", "supports_masking": None}
    ),
    "KMaxPooling": Translation("bstkit.layers.kmax_pooling:KMaxPooling", {"k": "k", "axis": "axis"}, has_exact=False),
    "WeightedSequenceLayer": Translation(
        "bstkit.layers.weighted_sequence:WeightedSequence",
        {"weight_normalization": "weight_normalization", "supports_masking": None},
    ),
    "AttentionSequencePoolingLayer": Translation(
        "bstkit.layers.attention_sequence_pooling:AttentionSequencePooling",
        {
            "att_hidden_units": "units",
            "att_activation": "activation",
            "weight_normalization": "weight_normalization",
            "return_score": "return_score",
            "supports_masking": None,
        },
    ),
    "Transformer": Translation(
        "bstkit.layers.deepctr_transformer:DeepctrTransformer",
        {
            "att_embedding_size": "head_dim",
            "head_num": "num_heads",
            "dropout_rate": "dropout",
            "use_positional_encoding": "use_positional_encoding",
            "use_res": "use_residual",
            "use_feed_forward": "use_feed_forward",
            "use_layer_norm": "use_layer_norm",
            "blinding": "blinding",
            "seed": None,
            "supports_masking": None,
            "attention_type": "attention_type",
            "output_type": "output_type",
        },
    ),
    "PositionEncoding": Translation(
        "bstkit.layers.position_encoding:PositionEncoding",
        {"pos_embedding_trainable": "trainable", "zero_pad": "zero_pad", "scale": "scale"},
        values={"scale": {True: "encoding", False: "none"}},
        has_exact=False,
    ),
    "BiasEncoding": Translation(
        "bstkit.layers.bias_encoding:BiasEncoding", {"sess_max_count": "num_sessions", "seed": None}
    ),
    "BiLSTM": Translation(
        "bstkit.layers.bilstm:BiLSTM",
        {
            "units": "units",
            "layers": "num_layers",
            "res_layers": "num_residual_layers",
            "dropout_rate": "dropout",
            "merge_mode": "merge_mode",
        },
    ),
    "DynamicGRU": Translation(  # its scores are our call's `weight`
        "bstkit.layers.dynamic_gru:DynamicGRU",
        {"num_units": "units", "gru_type": "cell", "return_sequence": "return_sequences"},
        values={"gru_type": {"GRU": "gru", "AIGRU": "aigru", "AGRU": "agru", "AUGRU": "augru"}},
        has_exact=False,
    ),
    # Support layers, of which the nine and DeepCTR's models are made.
    "LocalActivationUnit": Translation(
        "bstkit.layers.local_activation:LocalActivationUnit",
        {"hidden_units": "units", "activation": "activation"},
        only={"use_bn": False},
    ),
    "DNN": Translation(
        "bstkit.layers.dense_stack:DenseStack",
        {
            "hidden_units": "units",
            "activation": "activation",
            "dropout_rate": "dropout",
            "use_bn": "batch_normalization",
            "output_activation": "output_activation",
        },
        has_exact=False,
    ),
    "Dice": Translation("bstkit.layers.dice:Dice", {"epsilon": "epsilon"}, only={"axis": -1}, has_exact=False),
    "LayerNormalization": Translation(  # without center or scale its beta stays 0, its gamma 1
        "bstkit.layers.layer_norm:LayerNorm",
        {"eps": "epsilon", "center": None, "scale": None},
        only={"axis": -1},
        has_exact=False,
    ),
    "PredictionLayer": Translation(  # its global bias is the bias of the dense layer that DeepCTR leaves without one
        "keras.layers:Dense",
        {"task": "activation", "use_bias": "use_bias"},
        fixed={"units": 1},
        values={"task": {"binary": "sigmoid", "regression": "linear", "multiclass": "linear"}},
        has_exact=False,
    ),
}
"""DeepCTR layer -> its translation."""


def translate(layer: str, config: Mapping[str, Any], deepctr_exact: bool = True) -> tuple[str, dict[str, Any]]:
    """Our class and constructor arguments for a DeepCTR layer's.

    Args:
        layer: DeepCTR's class name.
        config: its arguments.
        deepctr_exact: give DeepCTR's own numbers, defects included, where our class has that option.

    Raises:
        ValueError: the layer or an argument is not in the table, or ours cannot do the argument's value.
    """
    if layer not in DEEPCTR:
        raise ValueError(f"`layer` must be one of {sorted(DEEPCTR)}. Received: layer={layer!r}")
    entry = DEEPCTR[layer]
    unknown = sorted(set(config) - set(entry.arguments) - set(entry.only))
    if unknown:
        raise ValueError(f"`config` must hold arguments of DeepCTR's {layer} only. Received: {unknown}")
    ours: dict[str, Any] = dict(entry.fixed)
    for name, value in config.items():
        if name in entry.only:
            if value != entry.only[name]:
                raise ValueError(f"`{name}` of {layer} must be {entry.only[name]!r}. Received: {name}={value!r}")
            continue
        argument = entry.arguments[name]
        if argument is not None:
            ours[argument] = entry.values[name].get(value, value) if name in entry.values else value
    if entry.has_exact:
        ours["deepctr_exact"] = deepctr_exact
    return entry.target, ours
