"""How each DeepCTR layer is played by ours: one module a layer.

An adapter module offers

* `make(config, style, training)`: our layer, from DeepCTR's arguments (mostly `made(name, config)`);
* `call(layer, inputs, case)`: feed the file's inputs, given by name as tensors, and return the outputs by the file's
  names in the file's shapes (DeepCTR keeps a middle axis of 1 that our poolings do not have);
* `variables(layer)`: golden weight name -> our variable, or a function from `gradient(variable)`, the gradients of our
  variables as arrays, to the gradient of that weight, where it is a part of ours or is put together from several;
* `load(layer, weights)`: assign the golden weights by name (mostly `assign(variables(layer), weights)`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from bstkit.layers.deepctr_names import translate

MODULES = {
    "AttentionSequencePoolingLayer": "attention_sequence_pooling",
    "BiLSTM": "bilstm",
    "BiasEncoding": "bias_encoding",
    "DNN": "dnn",
    "Dice": "dice",
    "DynamicGRU": "dynamic_gru",
    "KMaxPooling": "kmax_pooling",
    "LayerNormalization": "layer_normalization",
    "LocalActivationUnit": "local_activation",
    "PositionEncoding": "position_encoding",
    "PredictionLayer": "prediction",
    "SequencePoolingLayer": "sequence_pooling",
    "Transformer": "transformer",
    "WeightedSequenceLayer": "weighted_sequence",
    "model": "model",
}
"""DeepCTR layer -> module of this package."""

Gradient = Callable[[Any], np.ndarray]
"""From one of our variables to the gradient that it got."""


def adapter(layer: str) -> ModuleType | None:
    """The adapter of a DeepCTR layer; None where nothing plays it yet."""
    name = MODULES.get(layer)
    if name is None or find_spec(f"{__name__}.{name}") is None:
        return None
    return import_module(f"{__name__}.{name}")


def made(layer: str, config: Mapping[str, Any], **given: Any) -> Any:
    """Our layer for a DeepCTR layer's arguments, with DeepCTR's own numbers unless `given` says not."""
    target, arguments = translate(layer, config)
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)(**{**arguments, **given})


def assign(variables: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> None:
    """Give our variables the golden weights of the same names.

    Raises:
        ValueError: one side has a name that the other lacks, or a shape differs.
    """
    if set(variables) != set(weights):
        raise ValueError(f"our weights {sorted(variables)} are not the file's {sorted(weights)}")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise ValueError(f"weight {name} is {tuple(variable.shape)} here, {weights[name].shape} in the file")
        variable.assign(weights[name])


def masking(inputs: Mapping[str, Any], lengths: str = "seq_len", mask: str = "mask") -> dict[str, Any]:
    """The `mask` or `length` argument of our layers from whichever of the two the file holds."""
    return {"length": inputs[lengths]} if lengths in inputs else {"mask": inputs[mask]}
