"""Four ways to score how well queries and keys match."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.layer_norm import LayerNorm

ATTENTION_TYPES = ("scaled_dot_product", "cos", "ln", "additive")


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionScores(keras.layers.Layer):
    """Score each query against each key, head by head.

    Args:
        attention_type: `"scaled_dot_product"`: `q k / sqrt(d)`; `"cos"`: 20 times the cosine of q and k; `"ln"`:
            `norm(q) norm(k) / sqrt(d)` with a layer normalisation each; `"additive"`: `sum(v * tanh(q + k + b))`. The
            heads share gammas, betas, v and b, all of width d. Defaults to `"scaled_dot_product"`.

    Call arguments:
        query: float tensor `(batch, heads, queries, d)`.
        key: float tensor `(batch, heads, keys, d)`.

    Returns:
        Float tensor `(batch, heads, queries, keys)`, not normalised.

    Raises:
        ValueError: `attention_type` is not one of the four.

    Reference:
        DeepCTR `Transformer(attention_type=...)`; layer normalisation with its epsilon, 1e-9. With d = 1 the scores of
        `"ln"` are one constant.
    """

    def __init__(
        self,
        attention_type: Literal["scaled_dot_product", "cos", "ln", "additive"] = "scaled_dot_product",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if attention_type not in ATTENTION_TYPES:
            raise ValueError(
                f"`attention_type` must be one of {ATTENTION_TYPES}. Received: attention_type={attention_type!r}"
            )
        self.attention_type = attention_type

    def build(self, query_shape: tuple[int | None, ...], key_shape: tuple[int | None, ...]) -> None:
        """Create the weights of the types that have some."""
        width = query_shape[-1]
        if self.attention_type == "ln":
            for name, shape in (("query_norm", query_shape), ("key_norm", key_shape)):
                norm = LayerNorm(name=name, dtype=self.dtype_policy)
                norm.build(shape)
                setattr(self, name, norm)
        elif self.attention_type == "additive":
            self.bias = self.add_weight(name="bias", shape=(width,), initializer="glorot_uniform")
            self.vector = self.add_weight(name="vector", shape=(width,), initializer="glorot_uniform")

    def call(self, query: Any, key: Any) -> Any:
        """Score."""
        if self.attention_type == "additive":
            pairs = ops.expand_dims(query, 3) + ops.expand_dims(key, 2) + self.bias  # (batch, heads, queries, keys, d)
            return ops.sum(ops.tanh(pairs) * self.vector, axis=-1)
        if self.attention_type == "cos":
            return _products(_unit_length(query), _unit_length(key)) * 20.0
        if self.attention_type == "ln":
            query, key = self.query_norm(query), self.key_norm(key)
        return _products(query, key) / query.shape[-1] ** 0.5

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "attention_type": self.attention_type}


def _products(query: Any, key: Any) -> Any:
    return ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))


def _unit_length(tensor: Any) -> Any:
    """Divide by the Euclidean norm; in float32 at least, because float16 can hold neither the squares nor 1e-12."""
    wide = ops.cast(tensor, keras.backend.result_type(tensor.dtype, "float32"))
    square = ops.sum(ops.square(wide), axis=-1, keepdims=True)
    return ops.cast(wide * ops.rsqrt(ops.maximum(square, 1e-12)), tensor.dtype)
