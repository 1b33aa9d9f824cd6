"""Multi-head self-attention over a masked sequence."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.heads import merge_heads, split_heads
from bstkit.layers.masking import score_bias, softmax, zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class MaskedSelfAttention(keras.layers.Layer):
    """Scaled dot-product attention of a sequence to its own real steps.

    Written with dense layers, matmul and softmax, so that the exported graph reads like the formula.

    Args:
        num_heads: int >= 1, divides `dim`.
        dropout: float in `[0, 1)`, on the attention weights. Defaults to `0.0`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, finite at every step.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time, dim)`. A row without a real step attends to nothing: it is the output bias.

    Raises:
        ValueError: `num_heads` does not divide `dim`.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762, with biases on all four projections.
    """

    def __init__(self, num_heads: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_heads < 1:
            raise ValueError(f"`num_heads` must be at least 1. Received: num_heads={num_heads}")
        self.num_heads = num_heads
        self.dropout = dropout

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the projections."""
        dim = sequence_shape[-1]
        if dim is None or dim % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide the width of the sequence, {dim}. Received: num_heads={self.num_heads}"
            )
        for name in ("query", "key", "value", "output"):
            projection = keras.layers.Dense(dim, name=name, dtype=self.dtype_policy)
            projection.build(sequence_shape)
            setattr(self, f"{name}_dense", projection)
        self.weights_dropout = keras.layers.Dropout(self.dropout, name="dropout", dtype=self.dtype_policy)

    def call(self, sequence: Any, mask: Any, training: bool | None = None) -> Any:
        """Attend."""
        head_dim = sequence.shape[-1] // self.num_heads
        query = split_heads(self.query_dense(sequence), self.num_heads)
        key = split_heads(self.key_dense(sequence), self.num_heads)
        # Zero values in place of zero weights, a sum in place of a choice: `(time, time)` scores are the larger tensor.
        value = split_heads(zero_masked(self.value_dense(sequence), mask), self.num_heads)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * (head_dim**-0.5)  # (batch, heads, time, time)
        scores = scores + ops.expand_dims(score_bias(mask, scores.dtype), (1, 2))
        weights = self.weights_dropout(softmax(scores), training=training)
        return self.output_dense(merge_heads(ops.matmul(weights, value)))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_heads": self.num_heads, "dropout": self.dropout}
