"""Activations by name: Keras's functions, and the two that have weights of their own."""

from collections.abc import Callable
from typing import Any

import keras

from bstkit.layers.dice import Dice


def _prelu(rank: int, **kwargs: Any) -> keras.layers.Layer:
    return keras.layers.PReLU(shared_axes=list(range(1, rank - 1)) or None, **kwargs)


def _dice(rank: int, **kwargs: Any) -> keras.layers.Layer:
    return Dice(**kwargs)


LEARNED: dict[str, Callable[..., keras.layers.Layer]] = {"dice": _dice, "prelu": _prelu}
"""Activations with weights, one a channel."""


def check_activation(activation: str) -> None:
    """Refuse an unknown name.

    Raises:
        ValueError: `activation` is neither `"dice"`, `"prelu"` nor the name of a Keras activation.
    """
    if activation not in LEARNED:
        keras.activations.get(activation)


def activation_layer(activation: str, rank: int, **kwargs: Any) -> keras.layers.Layer:
    """Make the layer of an activation.

    Args:
        activation: `"dice"`, `"prelu"` (one slope a channel) or the name of a Keras activation.
        rank: of the tensors that it will be called with.
        kwargs: the layer's name and dtype.
    """
    if activation in LEARNED:
        return LEARNED[activation](rank, **kwargs)
    return keras.layers.Activation(activation, **kwargs)
