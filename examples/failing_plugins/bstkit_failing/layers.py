"""The one layer of this package."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit_failing")
class FirstStep(keras.layers.Layer):
    """Return the first real step of each sequence.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps; holes are allowed.

    Returns:
        Float tensor `(batch, dim)`; zeros where a row has no real step.
    """

    def call(self, sequence, mask):
        """Pick it."""
        step = ops.cumsum(ops.cast(mask, "int32"), axis=1)
        is_first = ops.logical_and(mask, ops.equal(step, 1))
        return ops.sum(ops.where(is_first[..., None], sequence, 0.0), axis=1)
