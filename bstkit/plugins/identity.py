"""Leave a behaviour sequence as it is."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="bstkit")
class IdentityEncoder(keras.layers.Layer):
    """Return the sequence unchanged: the baseline without an encoder.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; not read.

    Returns:
        Float tensor `(batch, time, dim)`.
    """

    def call(self, sequence: Any, mask: Any) -> Any:
        """Pass on."""
        return sequence
