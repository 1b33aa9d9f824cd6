"""Pool a behaviour sequence by the largest values of its real steps."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.kmax_pooling import KMaxPooling


@keras.saving.register_keras_serializable(package="bstkit")
class KMaxStepPooling(keras.layers.Layer):
    """Keep each channel's `k` largest values among the real steps.

    Args:
        k: int >= 1. Defaults to `3`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, k * dim)`: the largest of every channel, then the second of every channel, and so on.
        Zeros for an empty history, and for what is missing where fewer than `k` steps are real.

    Raises:
        ValueError: `k` is below 1.

    Reference:
        DeepCTR `KMaxPooling(axis=1)`, in which padding competes.
    """

    def __init__(self, k: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.largest = KMaxPooling(k, axis=1, name="largest", dtype=self.dtype_policy)

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Check the shape."""
        self.largest.build(sequence_shape)

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pool."""
        return ops.reshape(self.largest(sequence, mask), (-1, self.largest.k * sequence.shape[-1]))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "k": self.largest.k}
