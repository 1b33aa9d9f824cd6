"""Keep the most recent steps of a history, and let the candidate join them."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class RecentSteps(keras.layers.Layer):
    """Tell which steps of each row to keep: the `max_length` ones that end with its last real step.

    Args:
        max_length: int >= 1.
        fixed_length: bool, always keep `max_length` steps (past the end of a short history, where `TakeSteps` pads);
            False: as many as there are, at most `max_length`.

    Call arguments:
        is_real: bool tensor `(batch, time)`, True at real steps.

    Returns:
        int32 tensor `(batch, kept)`, rising indices into `time`.
    """

    def __init__(self, max_length: int, fixed_length: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.fixed_length = fixed_length

    def call(self, is_real: Any) -> Any:
        """Find the last real step and count back."""
        time = ops.shape(is_real)[1]
        real_until = ops.max(ops.where(is_real, ops.arange(1, time + 1, dtype="int32"), 0), axis=1, keepdims=True)
        first = ops.maximum(real_until - self.max_length, 0)
        kept = self.max_length if self.fixed_length else ops.minimum(time, self.max_length)
        return first + ops.arange(kept, dtype="int32")

    def to_onnx(self, op: Any, is_real: Any) -> Any:
        """As `call`, except that a row without a real step counts as full: nothing there is real either way."""
        last = op.ArgMax(op.Cast(is_real, to="int32"), axis=1, keepdims=1, select_last_index=1)
        steps = np.arange(self.max_length)
        if self.fixed_length:
            return op.Cast(op.Max(op.Add(last, steps - (self.max_length - 1)), steps), to="int32")
        # max(last - n, 0) + step = max(last, n) + (step - n)
        kept = op.Slice(steps - (self.max_length - 1), [0], op.Shape(is_real, start=1, end=2))
        return op.Cast(op.Add(op.Max(last, self.max_length - 1), kept), to="int32")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_length": self.max_length, "fixed_length": self.fixed_length}


@keras.saving.register_keras_serializable(package="bstkit")
class TakeSteps(keras.layers.Layer):
    """Take the steps that `RecentSteps` chose; past the end there is padding, zero.

    Args:
        padding: int >= 0, zeros to add behind the last step first; `max_length` where the length is fixed, else 0.

    Call arguments:
        values: tensor `(batch, time)`: ids, ages or weights.
        index: int32 tensor `(batch, kept)`.

    Returns:
        Tensor `(batch, kept)` of the dtype of `values`.
    """

    def __init__(self, padding: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, values: Any, index: Any) -> Any:
        """Pad and gather."""
        if self.padding:
            values = ops.pad(values, ((0, 0), (0, self.padding)))
        return ops.take_along_axis(values, index, axis=1)

    def to_onnx(self, op: Any, values: Any, index: Any) -> Any:
        """One gather a tensor, and one pad where the length is fixed."""
        if self.padding:
            values = op.Pad(values, [0, 0, 0, self.padding])
        return op.GatherElements(values, index, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="bstkit")
class AppendCandidate(keras.layers.Layer):
    """Make the candidate one more step, behind the padding.

    Call arguments:
        steps: tensor `(batch, time)`: ids, ages, weights or a mask.
        candidate: tensor `(batch,)` of the same dtype.

    Returns:
        Tensor `(batch, time + 1)`.
    """

    def call(self, steps: Any, candidate: Any) -> Any:
        """Concatenate."""
        return ops.concatenate([steps, ops.expand_dims(candidate, 1)], axis=1)


@keras.saving.register_keras_serializable(package="bstkit")
class StepWeights(keras.layers.Layer):
    """Make the log's weights the `weight` of components: nothing at masked steps, and nothing where one is missing.

    Call arguments:
        weight: float32 tensor `(batch, time)`; NaN is missing.
        is_real: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time)`.
    """

    def call(self, weight: Any, is_real: Any) -> Any:
        """Choose."""
        present = ops.logical_and(is_real, ops.equal(weight, weight))  # only NaN differs from itself
        return ops.where(present, weight, ops.cast(0.0, weight.dtype))


@keras.saving.register_keras_serializable(package="bstkit")
class CandidateStep(keras.layers.Layer):
    """Take the candidate back out of a sequence that it was appended to.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.

    Returns:
        Float tensor `(batch, dim)`, the last step.
    """

    def call(self, sequence: Any) -> Any:
        """Slice."""
        return sequence[:, -1]

    def to_onnx(self, op: Any, sequence: Any) -> Any:
        """One gather."""
        return op.Gather(sequence, -1, axis=1)


@keras.saving.register_keras_serializable(package="bstkit")
class StepNumbers(keras.layers.Layer):
    """Number the steps from the oldest; the appended candidate is number `max_length` whatever the padding.

    Args:
        max_length: int >= 1, of the history.
        candidate: bool, the last step is the appended candidate.

    Call arguments:
        is_real: bool tensor `(batch, time)`, read for its shape.

    Returns:
        int32 tensor `(time,)`: 0, 1, 2, ... and `max_length` at an appended candidate.
    """

    def __init__(self, max_length: int, candidate: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.candidate = candidate

    def call(self, is_real: Any) -> Any:
        """Count."""
        steps = ops.arange(ops.shape(is_real)[1] - int(self.candidate), dtype="int32")
        if self.candidate:
            steps = ops.concatenate([steps, ops.convert_to_tensor([self.max_length], "int32")], axis=0)
        return steps

    def to_onnx(self, op: Any, is_real: Any) -> Any:
        """A slice of a constant, and the candidate's number behind it."""
        time = op.Shape(is_real, start=1, end=2)
        numbers = np.arange(self.max_length, dtype=np.int32)
        if not self.candidate:
            return op.Slice(numbers, [0], time)
        return op.Concat(op.Slice(numbers, [0], op.Sub(time, [1])), np.array([self.max_length], np.int32), axis=0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_length": self.max_length, "candidate": self.candidate}
