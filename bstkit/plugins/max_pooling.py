"""Pool a behaviour sequence by the maximum of its real steps."""

from typing import Any

import keras

from bstkit.layers.sequence_pooling import masked_max


@keras.saving.register_keras_serializable(package="bstkit")
class MaxPooling(keras.layers.Layer):
    """Keep each channel's largest value among the real steps.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history, where DeepCTR returns -1e9.

    Reference:
        DeepCTR `SequencePoolingLayer(mode="max")`.
    """

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pool."""
        return masked_max(sequence, mask)
