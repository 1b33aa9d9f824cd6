"""One hierarchical sequential transduction unit."""

from typing import Any

import keras
from keras import ops

from bstkit_industry.arguments import check_bool, check_int, check_share
from bstkit_industry.relative_bias import RelativeBias


@keras.saving.register_keras_serializable(package="bstkit_industry")
class HstuBlock(keras.layers.Layer):
    """Project, aggregate with SiLU in place of softmax, gate, project back, add.

    With `N` a layer normalisation: `U, V, Q, K = split(silu(f1(N(x))))`, `A = silu(Q K' + bias)`, and the result is
    `x + f2(dropout(N(A V share) * U))`.

    Args:
        max_steps: int >= 1. Steps are numbered below this.
        num_heads: int >= 1.
        key_dim: int >= 1, width of queries and keys, each head.
        value_dim: int >= 1, width of values and gates, each head.
        causal: bool, attend to earlier steps and oneself alone. Defaults to `True`.
        dropout: float in `[0, 1)`, before the last projection. Defaults to `0.0`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, finite at every step.
        share: float tensor `(batch, time, 1)`, the factor of each step's value; 0 at masked steps.
        step: int32 tensor `(time,)`, the number of each step.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range.

    Reference:
        Zhai et al., 2024, arXiv:2402.17152, equations 1 to 3; `HstuEncoder` says what differs.
    """

    def __init__(
        self,
        max_steps: int,
        num_heads: int,
        key_dim: int,
        value_dim: int,
        causal: bool = True,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sizes = {"max_steps": max_steps, "num_heads": num_heads, "key_dim": key_dim, "value_dim": value_dim}
        for name, value in sizes.items():
            check_int(name, value)
        check_bool("causal", causal)
        check_share("dropout", dropout)
        self.max_steps = max_steps
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.causal = causal
        self.dropout = dropout

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the projections, the norms and the bias."""
        policy = self.dtype_policy
        values, keys = self.num_heads * self.value_dim, self.num_heads * self.key_dim
        self.input_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="input_norm", dtype=policy)
        self.projection = keras.layers.Dense(2 * values + 2 * keys, name="projection", dtype=policy)
        self.relative_bias = RelativeBias(self.max_steps, self.causal, name="relative_bias", dtype=policy)
        self.output_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="output_norm", dtype=policy)
        self.output_dropout = keras.layers.Dropout(self.dropout, name="output_dropout", dtype=policy)
        self.output_dense = keras.layers.Dense(sequence_shape[-1], name="output", dtype=policy)
        self.input_norm.build(sequence_shape)
        self.projection.build(sequence_shape)
        self.relative_bias.build((sequence_shape[1],))
        for layer in (self.output_norm, self.output_dense):
            layer.build((*sequence_shape[:-1], values))

    def call(self, sequence: Any, share: Any, step: Any, training: bool | None = None) -> Any:
        """Transform."""
        values, keys = self.num_heads * self.value_dim, self.num_heads * self.key_dim
        projected = _silu(self.projection(self.input_norm(sequence)))
        gate, value, query, key = ops.split(projected, (values, 2 * values, 2 * values + keys), axis=-1)
        query, key = self._heads(query, self.key_dim), self._heads(key, self.key_dim)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))  # (batch, heads, time, time)
        attention = _silu(scores + self.relative_bias(step))
        seen = ops.matmul(attention, self._heads(value * share, self.value_dim))  # (batch, heads, time, value_dim)
        batch, _, time, _ = _sizes(seen)
        seen = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (batch, time, values))
        gated = self.output_dropout(self.output_norm(seen) * gate, training=training)
        return sequence + self.output_dense(gated)

    def _heads(self, tensor: Any, width: int) -> Any:
        """`(batch, time, heads * width)` -> `(batch, heads, time, width)`."""
        batch, time, _ = _sizes(tensor)
        return ops.transpose(ops.reshape(tensor, (batch, time, self.num_heads, width)), (0, 2, 1, 3))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("max_steps", "num_heads", "key_dim", "value_dim", "causal", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _silu(tensor: Any) -> Any:
    """Spelt out: as one TensorFlow operation it has a gradient of its own, which does not convert to ONNX."""
    return tensor * ops.sigmoid(tensor)


def _sizes(tensor: Any) -> tuple[Any, ...]:
    """The dimensions as a reshape takes them: numbers where they are known, at most one of them -1."""
    static = tuple(tensor.shape)
    return (-1, *static[1:]) if None not in static[1:] else tuple(ops.shape(tensor))
