"""Pool a sequence by the mean, sum or maximum of its real steps."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.masking import given_mask, lowest, weighted_sum, zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class SequencePooling(keras.layers.Layer):
    """Reduce the real steps of each row to one vector.

    Args:
        mode: `"mean"`, `"sum"` or `"max"`. Defaults to `"mean"`.
        deepctr_exact: bool, DeepCTR's own numbers: the maximum of an empty row is -1e9, a length past `time` still
            divides the mean, and NaN at a masked step spreads, for masking multiplies. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        length: in place of `mask`, int or float tensor `(batch,)` or `(batch, 1)`; past `time` it counts as `time`.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty row.

    Raises:
        ValueError: `mode` is unknown, or not exactly one of `mask` and `length` is given.

    Reference:
        DeepCTR `SequencePoolingLayer`, which keeps a middle axis of 1 and needs a known `time`.
    """

    def __init__(
        self, mode: Literal["mean", "sum", "max"] = "mean", deepctr_exact: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if mode not in ("mean", "sum", "max"):
            raise ValueError(f"`mode` must be 'mean', 'sum' or 'max'. Received: mode={mode!r}")
        self.mode = mode
        self.deepctr_exact = deepctr_exact

    def call(self, sequence: Any, mask: Any = None, length: Any = None) -> Any:
        """Pool."""
        real = given_mask(sequence, mask, length)
        if self.deepctr_exact:
            return self._as_deepctr(sequence, real, length)
        if self.mode == "max":
            return masked_max(sequence, real)
        return masked_mean(sequence, real) if self.mode == "mean" else masked_sum(sequence, real)

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "mode": self.mode, "deepctr_exact": self.deepctr_exact}

    def _as_deepctr(self, sequence: Any, real: Any, length: Any) -> Any:
        factor = ops.expand_dims(ops.cast(real, sequence.dtype), -1)
        if self.mode == "max":
            return ops.max(sequence - (1.0 - factor) * 1e9, axis=1)
        total = ops.sum(sequence * factor, axis=1)
        if self.mode == "sum":
            return total
        count = ops.sum(factor, axis=1) if length is None else ops.reshape(ops.cast(length, total.dtype), (-1, 1))
        return total / (count + 1e-8)


def masked_sum(sequence: Any, mask: Any, weight: Any = None) -> Any:
    """Add up the real steps `(batch, time, dim)`, each times its `weight` `(batch, time)` where there is one."""
    real = zero_masked(sequence, mask)
    if weight is None:
        return ops.sum(real, axis=1)
    return weighted_sum(real, weight * ops.cast(mask, weight.dtype))


def masked_mean(sequence: Any, mask: Any, weight: Any = None) -> Any:
    """Divide the sum of the real steps, weighed where there is a `weight`, by how many they are."""
    real = ops.cast(mask, sequence.dtype)
    total = weighted_sum(zero_masked(sequence, mask), real if weight is None else weight * real)
    return total / ops.maximum(ops.sum(real, axis=1, keepdims=True), ops.cast(1.0, real.dtype))


def masked_max(sequence: Any, mask: Any) -> Any:
    """Each channel's largest value among the real steps `(batch, time, dim)`; zeros where there is none."""
    dtype = sequence.dtype
    largest = ops.max(ops.where(ops.expand_dims(mask, -1), sequence, lowest(dtype)), axis=1)
    return ops.where(ops.any(mask, axis=1, keepdims=True), largest, ops.cast(0.0, dtype))
