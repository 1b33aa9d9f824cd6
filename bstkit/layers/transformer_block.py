"""One block of a transformer encoder."""

from typing import Any

import keras

from bstkit.layers.self_attention import MaskedSelfAttention


@keras.saving.register_keras_serializable(package="bstkit")
class TransformerBlock(keras.layers.Layer):
    """Self-attention and a feed-forward network, each with a residual and layer normalisation after it (post-norm).

    Args:
        num_heads: int >= 1, divides `dim`.
        ffn_dim: int >= 1, hidden width of the feed-forward network.
        dropout: float in `[0, 1)`, after attention and after the feed-forward network. Defaults to `0.0`.
        activation: name of a Keras activation. Defaults to `"relu"`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, finite at every step.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762; layer normalisation with epsilon 1e-6.
    """

    def __init__(
        self, num_heads: int, ffn_dim: int, dropout: float = 0.0, activation: str = "relu", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if ffn_dim < 1:
            raise ValueError(f"`ffn_dim` must be at least 1. Received: ffn_dim={ffn_dim}")
        self.num_heads = num_heads
        self.ffn_dim = ffn_dim
        self.dropout = dropout
        self.activation = activation

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the sublayers."""
        dim = sequence_shape[-1]
        policy = self.dtype_policy
        self.attention = MaskedSelfAttention(self.num_heads, self.dropout, name="attention", dtype=policy)
        self.ffn_hidden = keras.layers.Dense(self.ffn_dim, activation=self.activation, name="ffn_hidden", dtype=policy)
        self.ffn_output = keras.layers.Dense(dim, name="ffn_output", dtype=policy)
        self.attention_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="attention_norm", dtype=policy)
        self.ffn_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="ffn_norm", dtype=policy)
        self.attention_dropout = keras.layers.Dropout(self.dropout, name="attention_dropout", dtype=policy)
        self.ffn_dropout = keras.layers.Dropout(self.dropout, name="ffn_dropout", dtype=policy)
        for layer in (self.attention, self.ffn_hidden, self.attention_norm, self.ffn_norm):
            layer.build(sequence_shape)
        self.ffn_output.build((*sequence_shape[:-1], self.ffn_dim))

    def call(self, sequence: Any, mask: Any, training: bool | None = None) -> Any:
        """Attend, then transform each step."""
        attended = self.attention_dropout(self.attention(sequence, mask, training=training), training=training)
        sequence = self.attention_norm(sequence + attended)
        transformed = self.ffn_dropout(self.ffn_output(self.ffn_hidden(sequence)), training=training)
        return self.ffn_norm(sequence + transformed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "ffn_dim": self.ffn_dim,
            "dropout": self.dropout,
            "activation": self.activation,
        }
