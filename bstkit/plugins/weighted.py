"""Multiply each behaviour by its weight."""

from typing import Any

import keras

from bstkit.layers.weighted_sequence import WeightedSequence


@keras.saving.register_keras_serializable(package="bstkit")
class WeightedEncoder(keras.layers.Layer):
    """Multiply each real step by the weight that a score or the log has given it.

    Args:
        weight_normalization: bool, softmax the weights over the real steps first. Defaults to `False`: weights of a
            score component are normalised where that component says so, and weights of the log are used as they are.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        weight: float tensor `(batch, time)`.

    Returns:
        Float tensor `(batch, time, dim)`, zeros at masked steps.

    Reference:
        DeepCTR `WeightedSequenceLayer`, which normalises by default and divides an empty history by `time`.
    """

    def __init__(self, weight_normalization: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.product = WeightedSequence(weight_normalization, name="product", dtype=self.dtype_policy)

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Build the product."""
        self.product.build(sequence_shape)

    def call(self, sequence: Any, mask: Any, weight: Any) -> Any:
        """Weigh."""
        return self.product(sequence, weight, mask)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "weight_normalization": self.product.weight_normalization}
