"""Pool a behaviour sequence by the mean of its real steps."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.sequence_pooling import masked_mean


@keras.saving.register_keras_serializable(package="bstkit")
class MeanPooling(keras.layers.Layer):
    """Average the real steps, each times its weight where a score has made one.

    Args:
        include_padding: bool, average what stands at all steps, masked ones too, so that the result changes with the
            padding: DeepCTR's `Transformer(output_type="mean")`. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        weight: optional float tensor `(batch, time)`. The sum is divided by the number of real steps all the same.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history, but see `include_padding`.

    Reference:
        DeepCTR `SequencePoolingLayer(mode="mean")`.
    """

    def __init__(self, include_padding: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include_padding = include_padding

    def call(self, sequence: Any, mask: Any, weight: Any = None) -> Any:
        """Pool."""
        if not self.include_padding:
            return masked_mean(sequence, mask, weight)
        return ops.mean(sequence if weight is None else sequence * ops.expand_dims(weight, -1), axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "include_padding": self.include_padding}
