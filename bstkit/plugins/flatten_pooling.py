"""Pool a behaviour sequence by laying its steps end to end."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class FlattenPooling(keras.layers.Layer):
    """Concatenate all steps, zeros at masked ones.

    Requires a fixed length: the history is padded to its `max_length`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; `time` is known.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time * dim)`; zeros for an empty history.

    Raises:
        ValueError: the length of the sequence is not known.

    Reference:
        Chen et al., 2019, arXiv:1905.06874; the seed model's Reshape, which seems to let padding through.
    """

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Check the length."""
        if sequence_shape[1] is None:
            raise ValueError(f"`sequence` must have a fixed length. Received: sequence.shape={sequence_shape}")

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pool."""
        return ops.reshape(zero_masked(sequence, mask), (-1, sequence.shape[1] * sequence.shape[2]))
