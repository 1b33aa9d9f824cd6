"""Pool a behaviour sequence by its most recent real step."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class LastPooling(keras.layers.Layer):
    """Keep the most recent real step. With an appended candidate that is the candidate.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps; holes are allowed.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history.
    """

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pool."""
        real = ops.cast(mask, "int32")
        later = ops.sum(real, axis=1, keepdims=True) - ops.cumsum(real, axis=1)
        is_last = ops.logical_and(mask, ops.equal(later, 0))
        return ops.sum(zero_masked(sequence, is_last), axis=1)

    def to_onnx(self, op: Any, sequence: Any, mask: Any) -> Any:
        """One gather; a row without a real step takes its last one, which is zero like every masked one."""
        last = op.ArgMax(op.Cast(mask, to="int32"), axis=1, keepdims=1, select_last_index=1)
        return op.GatherND(op.Where(op.Unsqueeze(mask, [-1]), sequence, 0.0), last, batch_dims=1)
