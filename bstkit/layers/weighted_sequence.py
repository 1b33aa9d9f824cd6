"""Multiply each step of a sequence by its weight."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import deepctr_masked_score, given_mask, masked_softmax, softmax, zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class WeightedSequence(keras.layers.Layer):
    """Multiply each real step by its weight, or by the softmax of the weights over the real steps.

    Args:
        weight_normalization: bool, softmax the weights over the real steps. Defaults to `True`.
        deepctr_exact: bool, DeepCTR's own numbers: with `weight_normalization` an empty row is divided by `time`
            instead of zeroed, and NaN at a masked step spreads. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        weight: float tensor, one weight a step, `(batch, time)` or `(batch, time, 1)`, or one a channel,
            `(batch, time, dim)`, normalised channel by channel.
        mask: bool tensor `(batch, time)`, True at real steps.
        length: in place of `mask`, int or float tensor `(batch,)` or `(batch, 1)`; past `time` it counts as `time`.

    Returns:
        Float tensor `(batch, time, dim)`, zeros at masked steps.

    Raises:
        ValueError: not exactly one of `mask` and `length` is given.

    Reference:
        DeepCTR `WeightedSequenceLayer`, which cannot take weights `(batch, time)`.
    """

    def __init__(self, weight_normalization: bool = True, deepctr_exact: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight_normalization = weight_normalization
        self.deepctr_exact = deepctr_exact

    def call(self, sequence: Any, weight: Any, mask: Any = None, length: Any = None) -> Any:
        """Weigh."""
        mask = given_mask(sequence, mask, length)
        scalar = len(weight.shape) == 2
        weight = self._final(ops.cast(weight, sequence.dtype), mask if scalar else ops.expand_dims(mask, -1))
        product = sequence * (ops.expand_dims(weight, -1) if scalar else weight)
        return product if self.deepctr_exact else zero_masked(product, mask)

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "weight_normalization": self.weight_normalization,
            "deepctr_exact": self.deepctr_exact,
        }

    def _final(self, weight: Any, real: Any) -> Any:
        """What a step is multiplied by; what stands at masked steps matters only for `deepctr_exact`."""
        if self.deepctr_exact:
            dtype = weight.dtype
            fill = deepctr_masked_score(dtype) if self.weight_normalization else ops.cast(0.0, dtype)
            weight = ops.where(real, weight, fill)
            return softmax(weight, axis=1) if self.weight_normalization else weight
        return masked_softmax(weight, real, axis=1) if self.weight_normalization else weight
