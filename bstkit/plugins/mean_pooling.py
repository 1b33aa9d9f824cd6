"""Pool a behaviour sequence by the mean of its real steps."""

from typing import Any

import keras

from bstkit.layers.sequence_pooling import masked_mean


@keras.saving.register_keras_serializable(package="bstkit")
class MeanPooling(keras.layers.Layer):
    """Average the real steps, each times its weight where a score has made one.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        weight: optional float tensor `(batch, time)`. The sum is divided by the number of real steps all the same.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history.

    Reference:
        DeepCTR `SequencePoolingLayer(mode="mean")`.
    """

    def call(self, sequence: Any, mask: Any, weight: Any = None) -> Any:
        """Pool."""
        return masked_mean(sequence, mask, weight)
