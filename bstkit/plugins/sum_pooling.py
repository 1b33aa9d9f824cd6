"""Pool a behaviour sequence by the sum of its real steps."""

from typing import Any

import keras

from bstkit.layers.sequence_pooling import masked_sum


@keras.saving.register_keras_serializable(package="bstkit")
class SumPooling(keras.layers.Layer):
    """Add the real steps, each times its weight where a score has made one.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        weight: optional float tensor `(batch, time)`, as DIN sums its weighed behaviours.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history.

    Reference:
        DeepCTR `SequencePoolingLayer(mode="sum")`.
    """

    def call(self, sequence: Any, mask: Any, weight: Any = None) -> Any:
        """Pool."""
        return masked_sum(sequence, mask, weight)
