"""Pool a behaviour sequence by the mean of its real steps."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import weighted_sum, zero_masked


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
        real = ops.cast(mask, sequence.dtype)
        total = weighted_sum(zero_masked(sequence, mask), real if weight is None else weight * real)
        return total / ops.maximum(ops.sum(real, axis=1, keepdims=True), ops.cast(1.0, real.dtype))
