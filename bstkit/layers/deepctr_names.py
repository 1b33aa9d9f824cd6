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
            lengths) or because it changes no number (seeds).
        fixed: arguments of ours that DeepCTR's layer implies.
        values: DeepCTR's argument -> its values that are spelled differently -> our spelling.
        has_exact: our class takes `deepctr_exact`, which reproduces DeepCTR's defects.
    """

    target: str
    arguments: Mapping[str, str | None]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
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
    # Support layers, of which the nine and DeepCTR's models are made.
    "LocalActivationUnit": Translation(
        "bstkit.layers.local_activation:LocalActivationUnit",
        {"hidden_units": "units", "activation": "activation", "use_bn": None},
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
    "Dice": Translation("bstkit.layers.dice:Dice", {"axis": None, "epsilon": "epsilon"}, has_exact=False),
    "LayerNormalization": Translation(
        "keras.layers:LayerNormalization",
        {"axis": "axis", "eps": "epsilon", "center": "center", "scale": "scale"},
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
        ValueError: the layer or an argument is not in the table.
    """
    if layer not in DEEPCTR:
        raise ValueError(f"`layer` must be one of {sorted(DEEPCTR)}. Received: layer={layer!r}")
    entry = DEEPCTR[layer]
    unknown = sorted(set(config) - set(entry.arguments))
    if unknown:
        raise ValueError(f"`config` must hold arguments of DeepCTR's {layer} only. Received: {unknown}")
    ours: dict[str, Any] = dict(entry.fixed)
    for name, value in config.items():
        argument = entry.arguments[name]
        if argument is not None:
            ours[argument] = entry.values[name].get(value, value) if name in entry.values else value
    if entry.has_exact:
        ours["deepctr_exact"] = deepctr_exact
    return entry.target, ours
