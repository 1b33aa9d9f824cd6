"""What every layer does with a mask: fill, zero, softmax. Finite in float16, exact where a step is real."""

from typing import Any

import keras
from keras import ops

MASKED_SCORE = -3e4
"""Score of a masked step before a softmax: small enough to vanish, and float16 can hold it."""

DEEPCTR_MASKED_SCORE = -(2.0**32)
"""DeepCTR's, which float16 cannot hold."""


def given_mask(sequence: Any, mask: Any = None, length: Any = None) -> Any:
    """The mask of a call that takes either a mask or lengths.

    Args:
        sequence: tensor `(batch, time, ...)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        length: int or float tensor `(batch,)` or `(batch, 1)`: the first so many steps are real, at most `time`.

    Returns:
        Bool tensor `(batch, time)`.

    Raises:
        ValueError: both or neither is given.
    """
    if (mask is None) == (length is None):
        given = "neither" if mask is None else "both"
        raise ValueError(f"`mask` or `length` must be given, not both. Received: {given}")
    if mask is not None:
        return mask
    length = ops.reshape(length, (-1, 1))
    return ops.less(ops.arange(ops.shape(sequence)[1], dtype=length.dtype), length)


LOWEST = {"float16": -6e4}
"""What stands for -3e38 in a type that cannot hold it."""


def lowest(dtype: Any) -> Any:
    """A finite scalar of a float `dtype` that no real step lies below: what masked steps hold before a maximum."""
    return ops.cast(LOWEST.get(keras.backend.standardize_dtype(dtype), -3e38), dtype)


def deepctr_masked_score(dtype: Any) -> Any:
    """DeepCTR's score of a masked step as a finite scalar of a float `dtype`."""
    return ops.cast(max(DEEPCTR_MASKED_SCORE, LOWEST.get(keras.backend.standardize_dtype(dtype), -3e38)), dtype)


def zero_masked(sequence: Any, mask: Any) -> Any:
    """Set masked steps to zero, whatever stood there, NaN and Inf included.

    Args:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time, dim)`.
    """
    return ops.where(ops.expand_dims(mask, -1), sequence, ops.cast(0.0, sequence.dtype))


def score_bias(mask: Any, dtype: Any) -> Any:
    """What is added to scores before a softmax, so that masked steps vanish.

    Their weights are zero where any step is real. Without one the weights mean nothing: zero the values, too.

    Args:
        mask: bool tensor, True at real steps.
        dtype: of the scores.

    Returns:
        Tensor of that dtype with the mask's shape: zero at real steps.
    """
    return ops.where(mask, ops.cast(0.0, dtype), ops.cast(MASKED_SCORE, dtype))


def masked_softmax(scores: Any, mask: Any, axis: int = -1) -> Any:
    """Softmax in which masked steps weigh exactly zero; all zeros where no step is real.

    Args:
        scores: float tensor `(..., time)`.
        mask: bool tensor that broadcasts against `scores`.
        axis: int, the axis of the steps. Defaults to the last.

    Returns:
        Float tensor with the shape of `scores`.
    """
    filled = ops.where(mask, scores, ops.cast(MASKED_SCORE, scores.dtype))
    return softmax(filled, axis) * ops.cast(mask, scores.dtype)


def softmax(scores: Any, axis: int = -1) -> Any:
    """Softmax, of one step too: Keras takes an axis of size 1 for a mistake and warns."""
    return ops.ones_like(scores) if scores.shape[axis] == 1 else ops.softmax(scores, axis=axis)


def weighted_sum(sequence: Any, weight: Any) -> Any:
    """Sum the steps, each times its weight.

    Args:
        sequence: float tensor `(batch, time, dim)`, finite at every step.
        weight: float tensor `(batch, time)`.

    Returns:
        Float tensor `(batch, dim)`.
    """
    return ops.squeeze(ops.matmul(ops.expand_dims(weight, 1), sequence), 1)
