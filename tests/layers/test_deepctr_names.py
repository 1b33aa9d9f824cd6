"""The translation table names classes and arguments that exist, and refuses what it does not know."""

import inspect
from importlib import import_module

import pytest

from bstkit.layers.deepctr_names import DEEPCTR, translate

NINE = {
    *("AttentionSequencePoolingLayer", "SequencePoolingLayer", "KMaxPooling", "WeightedSequenceLayer"),
    *("PositionEncoding", "BiasEncoding", "BiLSTM", "DynamicGRU", "Transformer"),
}


def test_table_holds_all_nine():
    assert set(DEEPCTR) >= NINE


@pytest.mark.parametrize("layer", list(DEEPCTR))
def test_translation_names_arguments_that_our_class_takes(layer):
    entry = DEEPCTR[layer]
    module, _, name = entry.target.partition(":")
    taken = set(inspect.signature(getattr(import_module(module), name)).parameters) | {"trainable"}
    named = {argument for argument in entry.arguments.values() if argument} | set(entry.fixed)
    assert named <= taken
    assert ("deepctr_exact" in taken) == entry.has_exact
    assert set(entry.values) <= set(entry.arguments)


def test_translation_by_hand():
    target, arguments = translate(
        "AttentionSequencePoolingLayer",
        {"att_hidden_units": [8], "att_activation": "dice", "weight_normalization": True, "supports_masking": True},
        deepctr_exact=False,
    )
    assert target == "bstkit.layers.attention_sequence_pooling:AttentionSequencePooling"
    assert arguments == {
        "units": [8],
        "activation": "dice",
        "weight_normalization": True,
        "deepctr_exact": False,
    }


@pytest.mark.parametrize(
    ("layer", "config", "message"),
    [
        ("Transfomer", {}, "Received: layer='Transfomer'"),
        ("KMaxPooling", {"k": 2, "order": 1}, r"arguments of DeepCTR's KMaxPooling only. Received: \['order'\]"),
        ("Dice", {"axis": 1}, "`axis` of Dice must be -1. Received: axis=1"),
    ],
)
def test_unknown_names_are_refused(layer, config, message):
    with pytest.raises(ValueError, match=message):
        translate(layer, config)
