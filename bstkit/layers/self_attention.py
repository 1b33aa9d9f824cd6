"""Multi-head self-attention over a masked sequence."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import masked_softmax


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
        query = self._split_heads(self.query_dense(sequence))
        key = self._split_heads(self.key_dense(sequence))
        value = self._split_heads(self.value_dense(sequence))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * (head_dim**-0.5)  # (batch, heads, time, time)
        weights = masked_softmax(scores, ops.expand_dims(mask, (1, 2)))
        weights = self.weights_dropout(weights, training=training)
        return self.output_dense(self._merge_heads(ops.matmul(weights, value)))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_heads": self.num_heads, "dropout": self.dropout}

    def _split_heads(self, tensor: Any) -> Any:
        batch, time, dim = _shape(tensor)
        heads = ops.reshape(tensor, (batch, time, self.num_heads, dim // self.num_heads))
        return ops.transpose(heads, (0, 2, 1, 3))  # (batch, heads, time, dim / heads)

    def _merge_heads(self, tensor: Any) -> Any:
        batch, heads, time, head_dim = _shape(tensor)
        return ops.reshape(ops.transpose(tensor, (0, 2, 1, 3)), (batch, time, heads * head_dim))


def _shape(tensor: Any) -> tuple[Any, ...]:
    """Give a reshape its dimensions: -1 for the batch where the rest is known, which is one node in ONNX."""
    static = tuple(tensor.shape)
    if None not in static[1:]:
        return (-1, *static[1:])
    return tuple(ops.shape(tensor))
