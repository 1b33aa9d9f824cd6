"""Between a history that is cut into sessions, and sequences: sessions become rows of the batch, and come back."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class RealSessions(keras.layers.Layer):
    """Tell the sessions with a real step.

    Call arguments:
        is_real: bool tensor `(batch, sessions, time)`, True at real steps.

    Returns:
        Bool tensor `(batch, sessions)`.
    """

    def call(self, is_real: Any) -> Any:
        """Any step."""
        return ops.any(is_real, axis=2)

    def to_onnx(self, op: Any, is_real: Any) -> Any:
        """A maximum of numbers."""
        return op.Cast(op.ReduceMax(op.Cast(is_real, to="int32"), [2], keepdims=0), to="bool")


@keras.saving.register_keras_serializable(package="bstkit")
class TakeSessions(keras.layers.Layer):
    """Take the sessions that `RecentSteps` chose, and make each a row; past the end there is padding, zero.

    Args:
        padding: int >= 0, sessions of zeros to add behind the last one first; the most sessions where their number is
            fixed, else 0.

    Call arguments:
        values: tensor `(batch, sessions, time)`.
        index: int32 tensor `(batch, kept)`.

    Returns:
        Tensor `(batch * kept, time)` of the dtype of `values`.
    """

    def __init__(self, padding: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, values: Any, index: Any) -> Any:
        """Pad, gather, reshape."""
        if self.padding:
            values = ops.pad(values, ((0, 0), (0, self.padding), (0, 0)))
        time = ops.shape(values)[2]
        wide = ops.broadcast_to(ops.expand_dims(index, 2), (*ops.shape(index), time))
        return ops.reshape(ops.take_along_axis(values, wide, axis=1), (-1, time))

    def to_onnx(self, op: Any, values: Any, index: Any) -> Any:
        """One gather a tensor, and one pad where the number is fixed."""
        if self.padding:
            values = op.Pad(values, [0, 0, 0, 0, self.padding, 0])
        taken = op.GatherND(values, op.Unsqueeze(op.Cast(index, to="int64"), [2]), batch_dims=1)
        return op.Reshape(taken, op.Concat([-1], op.Shape(values, start=2, end=3), axis=0))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="bstkit")
class SessionNumbers(keras.layers.Layer):
    """Number the sessions of each row from the oldest kept one, at each step.

    Call arguments:
        index: int32 tensor `(batch, kept)`, read for its shape.
        is_real: bool tensor `(batch * kept, time)`, read for its shape.

    Returns:
        int32 tensor `(batch * kept, time)`: 0, 1, 2, ...
    """

    def call(self, index: Any, is_real: Any) -> Any:
        """Count, and repeat for each step."""
        number = ops.cumsum(ops.ones_like(index), axis=1) - 1
        return ops.reshape(number, (-1, 1)) + ops.cast(ops.zeros_like(is_real), "int32")

    def to_onnx(self, op: Any, index: Any, is_real: Any) -> Any:
        """The same count; an expansion in place of a sum with zeros."""
        ones = op.Expand(np.array([1], np.int32), op.Shape(index))
        number = op.Sub(op.CumSum(ones, np.array(1, np.int64)), np.int32(1))
        return op.Expand(op.Reshape(number, [-1, 1]), op.Shape(is_real))


@keras.saving.register_keras_serializable(package="bstkit")
class RepeatCandidate(keras.layers.Layer):
    """Give each session the candidate of its row.

    Call arguments:
        target: float tensor `(batch, dim)`.
        index: int32 tensor `(batch, kept)`, read for its shape.

    Returns:
        Float tensor `(batch * kept, dim)`.
    """

    def call(self, target: Any, index: Any) -> Any:
        """Repeat."""
        zeros = ops.cast(ops.expand_dims(ops.zeros_like(index), 2), target.dtype)
        return ops.reshape(ops.expand_dims(target, 1) + zeros, (-1, target.shape[-1]))


@keras.saving.register_keras_serializable(package="bstkit")
class JoinSessions(keras.layers.Layer):
    """Put the vectors of the sessions back into the row that they come from, as a sequence.

    Call arguments:
        vectors: float tensor `(batch * kept, dim)`.
        index: int32 tensor `(batch, kept)`, read for its shape.

    Returns:
        Float tensor `(batch, kept, dim)`.
    """

    def call(self, vectors: Any, index: Any) -> Any:
        """Reshape."""
        return ops.reshape(vectors, (*ops.shape(index), vectors.shape[-1]))

    def to_onnx(self, op: Any, vectors: Any, index: Any) -> Any:
        """One reshape."""
        return op.Reshape(vectors, op.Concat(op.Shape(index), [vectors.shape[-1]], axis=0))


@keras.saving.register_keras_serializable(package="bstkit")
class SessionMask(keras.layers.Layer):
    """Tell which of the kept sessions have a real step.

    Call arguments:
        is_real: bool tensor `(batch * kept, time)`, True at real steps.
        index: int32 tensor `(batch, kept)`, read for its shape.

    Returns:
        Bool tensor `(batch, kept)`.
    """

    def call(self, is_real: Any, index: Any) -> Any:
        """Any step, reshaped."""
        return ops.reshape(ops.any(is_real, axis=1), ops.shape(index))

    def to_onnx(self, op: Any, is_real: Any, index: Any) -> Any:
        """A maximum of numbers."""
        some = op.ReduceMax(op.Cast(is_real, to="int32"), [1], keepdims=0)
        return op.Cast(op.Reshape(some, op.Shape(index)), to="bool")
