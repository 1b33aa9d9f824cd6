"""Pool a behaviour sequence by the maximum of its real steps."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import MASKED_SCORE


@keras.saving.register_keras_serializable(package="bstkit")
class MaxPooling(keras.layers.Layer):
    """Keep each channel's largest value among the real steps.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, above -30000 at real steps.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history, where DeepCTR returns -1e9.

    Reference:
        DeepCTR `SequencePoolingLayer(mode="max")`.
    """

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pool."""
        filled = ops.where(ops.expand_dims(mask, -1), sequence, ops.cast(MASKED_SCORE, sequence.dtype))
        any_real = ops.max(ops.cast(mask, sequence.dtype), axis=1, keepdims=True)
        return ops.max(filled, axis=1) * any_real
