"""Add embeddings of how long ago each behaviour happened."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class TimeGapPosition(keras.layers.Layer):
    """Add an embedding of how long ago each behaviour happened.

    Each age falls in a log2 bucket; each bucket has a vector. Bucket 0 holds ages of 0 and 1 seconds, bucket k those
    from `2^k` to below `2^(k + 1)`, the last one all that are older. An appended candidate has age 0.

    Args:
        num_buckets: int from 2 to 31. Buckets of doubling width. Defaults to `24` (about half a year).

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        age_seconds: int tensor `(batch, time)`, seconds before the candidate event; below 0 counts as 0.

    Returns:
        Float tensor `(batch, time, dim)`. Padded steps are left as they were.

    Raises:
        ValueError: `num_buckets` is below 2, or above 31: int32 seconds never reach bucket 31.

    Reference:
        Chen et al., 2019, arXiv:1905.06874. Log2 buckets are ours.
    """

    def __init__(self, num_buckets: int = 24, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 2 <= num_buckets <= 31:
            raise ValueError(f"`num_buckets` must be from 2 to 31. Received: num_buckets={num_buckets}")
        self.num_buckets = num_buckets
        self.edges = (2 ** np.arange(1, num_buckets)).astype(np.int32)

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the vectors."""
        self.table = self.add_weight(name="table", shape=(self.num_buckets, sequence_shape[-1]), initializer="uniform")

    def call(self, sequence: Any, mask: Any, age_seconds: Any) -> Any:
        """Add the gaps."""
        reached = ops.greater_equal(ops.expand_dims(age_seconds, -1), ops.convert_to_tensor(self.edges))
        bucket = ops.sum(ops.cast(reached, "int32"), axis=-1)
        gap = ops.take(self.table, bucket, axis=0)
        return ops.where(ops.expand_dims(mask, -1), sequence + gap, sequence)

    def to_onnx(self, op: Any, sequence: Any, mask: Any, age_seconds: Any) -> Any:
        """Compare as int32: tf2onnx compares as float32, which cannot tell neighbours past 2^24 apart."""
        reached = op.GreaterOrEqual(op.Unsqueeze(age_seconds, [-1]), self.edges)
        bucket = op.ReduceSum(op.Cast(reached, to="int32"), [-1], keepdims=0)
        gap = op.Gather(op.weight(self.table), bucket)
        return op.Where(op.Unsqueeze(mask, [-1]), op.Add(sequence, gap), sequence)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_buckets": self.num_buckets}
