"""DeepCTR's transformer: one attention block without biases, with four kinds of scores, optionally pooled."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.attention_scores import AttentionScores
from bstkit.layers.heads import merge_heads, split_heads
from bstkit.layers.layer_norm import LayerNorm
from bstkit.layers.masking import MASKED_SCORE, given_mask, masked_softmax, softmax, weighted_sum, zero_masked
from bstkit.layers.position_encoding import PositionEncoding


@keras.saving.register_keras_serializable(package="bstkit")
class DeepctrTransformer(keras.layers.Layer):
    """Let each step of a sequence attend to the steps of the same or of another sequence.

    Args:
        num_heads: int >= 1. Defaults to `8`.
        head_dim: int >= 1, width of one head; `num_heads * head_dim` is the width of the sequence. Defaults to `None`:
            whatever makes it so. (DeepCTR's `att_embedding_size`, 1 by default.)
        dropout: float in `[0, 1)`, on the attention weights and on the hidden layer of the feed-forward network.
            Defaults to `0.0`.
        use_positional_encoding: bool, add learned positions, one table for queries and one for keys. Defaults to
            `True`.
        use_residual: bool, add what went into the attention, positions included, and into the feed-forward network.
            Defaults to `True`.
        use_feed_forward: bool, pass each step through two dense layers, the hidden one four times as wide, relu.
            Defaults to `True`.
        use_layer_norm: bool, normalise after attention and after the feed-forward network, with the same gamma and
            beta. Defaults to `False`.
        blinding: bool, no step attends to the one of its own number. Defaults to `True`.
        attention_type: `"scaled_dot_product"`, `"cos"`, `"ln"` or `"additive"`, see `AttentionScores`. Defaults to
            `"scaled_dot_product"`.
        output_type: `"mean"` or `"sum"` over the real steps, or `None` for all steps. Defaults to `"mean"`.
        max_steps: int >= 1, positions that can be encoded. Defaults to `None`: as many as the sequences have when the
            layer is built.
        deepctr_exact: bool, reproduce DeepCTR's numbers where they are defects, see below. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, queries, dim)`.
        mask: bool tensor `(batch, queries)`, True at real steps; or `length` in its place.
        keys: optional float tensor `(batch, keys, dim)`. Defaults to `sequence`.
        keys_mask: bool tensor `(batch, keys)`; or `keys_length` in its place. Defaults to `mask` where `keys` is left
            out.
        length, keys_length: int or float tensor `(batch,)` or `(batch, 1)`: so many steps at the front are real.
        step: optional int32 tensor `(queries,)`, the position of each step, below `max_steps`, for
            `use_positional_encoding`. Defaults to 0, 1, 2, ...
        keys_step: the same of the keys, `(keys,)`. Defaults to `step` where `keys` is left out.

    Returns:
        Float tensor `(batch, dim)`, zeros where a row has no real step; `(batch, queries, dim)` for `output_type=None`:
        its mask is `mask`, and masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range or unknown, `num_heads * head_dim` is not the width, or a mask is
            missing.

    Reference:
        DeepCTR `Transformer`: no biases, no output projection, layer normalisation with epsilon 1e-9. With
        `deepctr_exact=True`, as there and unlike the default: mean and sum run over padding too; a query without any
        key to attend to (an empty history; one step under `blinding`) gets the mean of all values, padding included,
        instead of zeros; without `use_residual` the feed-forward network is computed and thrown away; positions are
        multiplied by `sqrt(dim)`; projections start from a normal distribution of deviation 1 instead of Glorot's,
        which saturates the softmax.
    """

    def __init__(
        self,
        num_heads: int = 8,
        head_dim: int | None = None,
        dropout: float = 0.0,
        use_positional_encoding: bool = True,
        use_residual: bool = True,
        use_feed_forward: bool = True,
        use_layer_norm: bool = False,
        blinding: bool = True,
        attention_type: Literal["scaled_dot_product", "cos", "ln", "additive"] = "scaled_dot_product",
        output_type: Literal["mean", "sum"] | None = "mean",
        max_steps: int | None = None,
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True  # an implicit mask beside the explicit one is no reason for a warning
        if num_heads < 1:
            raise ValueError(f"`num_heads` must be at least 1. Received: num_heads={num_heads}")
        if head_dim is not None and head_dim < 1:
            raise ValueError(f"`head_dim` must be at least 1. Received: head_dim={head_dim}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
        if output_type not in ("mean", "sum", None):
            raise ValueError(f"`output_type` must be 'mean', 'sum' or None. Received: output_type={output_type!r}")
        self.scores = AttentionScores(attention_type, name="scores", dtype=self.dtype_policy)
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.dropout = dropout
        self.use_positional_encoding = use_positional_encoding
        self.use_residual = use_residual
        self.use_feed_forward = use_feed_forward
        self.use_layer_norm = use_layer_norm
        self.blinding = blinding
        self.attention_type = attention_type
        self.output_type = output_type
        self.max_steps = max_steps
        self.deepctr_exact = deepctr_exact

    def build(self, sequence_shape: tuple[int | None, ...], keys_shape: tuple[int | None, ...] | None = None) -> None:
        """Create the sublayers."""
        keys_shape = keys_shape or sequence_shape
        dim = sequence_shape[-1] or 0
        if dim % self.num_heads or self.head_dim not in (None, dim // self.num_heads):
            raise ValueError(
                f"`num_heads * head_dim` must be the width of the sequence, {dim}. "
                f"Received: num_heads={self.num_heads}, head_dim={self.head_dim}"
            )
        policy = self.dtype_policy
        self.query_dense = self._projection("query", sequence_shape)
        self.key_dense = self._projection("key", keys_shape)
        self.value_dense = self._projection("value", keys_shape)
        head = (None, self.num_heads, None, dim // self.num_heads)
        self.scores.build(head, head)
        self.weights_dropout = keras.layers.Dropout(self.dropout, name="weights_dropout", dtype=policy)
        if self.use_positional_encoding:
            scale: Literal["encoding", "none"] = "encoding" if self.deepctr_exact else "none"
            for name, shape in (("query_position", sequence_shape), ("key_position", keys_shape)):
                position = PositionEncoding(self.max_steps, scale=scale, name=name, dtype=policy)
                position.build(shape)
                setattr(self, name, position)
        if self.use_layer_norm:
            self.norm = LayerNorm(name="norm", dtype=policy)
            self.norm.build(sequence_shape)
        if self.use_feed_forward:
            self.ffn_hidden = keras.layers.Dense(
                4 * dim, activation="relu", use_bias=False, name="ffn_hidden", dtype=policy
            )
            self.ffn_hidden.build(sequence_shape)
            self.ffn_dropout = keras.layers.Dropout(self.dropout, name="ffn_dropout", dtype=policy)
            self.ffn_output = keras.layers.Dense(dim, use_bias=False, name="ffn_output", dtype=policy)
            self.ffn_output.build((*sequence_shape[:-1], 4 * dim))

    def call(
        self,
        sequence: Any,
        mask: Any = None,
        keys: Any = None,
        keys_mask: Any = None,
        length: Any = None,
        keys_length: Any = None,
        step: Any = None,
        keys_step: Any = None,
        training: bool | None = None,
    ) -> Any:
        """Attend, transform, pool."""
        mask = given_mask(sequence, mask, length)
        if keys is None:
            keys, keys_step = sequence, step
            keys_mask = mask if keys_mask is None and keys_length is None else keys_mask
        if keys_mask is not mask:
            keys_mask = given_mask(keys, keys_mask, keys_length)
        if not self.deepctr_exact:
            sequence, keys = zero_masked(sequence, mask), zero_masked(keys, keys_mask)
        if self.use_positional_encoding:
            sequence, keys = self.query_position(sequence, step), self.key_position(keys, keys_step)
        result = self._attend(sequence, keys, mask, keys_mask, training)
        if self.use_residual:
            result = result + sequence
        if self.use_layer_norm:
            result = self.norm(result)
        if self.use_feed_forward:
            result = self._feed_forward(result, training)
        return self._pool(result, mask)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Keras's implicit mask: that of the sequence, where the steps remain."""
        return None if self.output_type is not None else previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "dropout": self.dropout,
            "use_positional_encoding": self.use_positional_encoding,
            "use_residual": self.use_residual,
            "use_feed_forward": self.use_feed_forward,
            "use_layer_norm": self.use_layer_norm,
            "blinding": self.blinding,
            "attention_type": self.attention_type,
            "output_type": self.output_type,
            "max_steps": self.max_steps,
            "deepctr_exact": self.deepctr_exact,
        }

    def _projection(self, name: str, shape: tuple[int | None, ...]) -> keras.layers.Dense:
        start = keras.initializers.TruncatedNormal(stddev=1.0) if self.deepctr_exact else "glorot_uniform"
        dense = keras.layers.Dense(
            shape[-1], use_bias=False, kernel_initializer=start, name=name, dtype=self.dtype_policy
        )
        dense.build(shape)
        return dense

    def _attend(self, sequence: Any, keys: Any, mask: Any, keys_mask: Any, training: bool | None) -> Any:
        query = split_heads(self.query_dense(sequence), self.num_heads)
        key = split_heads(self.key_dense(keys), self.num_heads)
        value = split_heads(self.value_dense(keys), self.num_heads)
        allowed = ops.expand_dims(keys_mask, (1, 2))
        if self.blinding:  # not by setting a diagonal, which exports as a loop
            number = ops.arange(ops.shape(mask)[1], dtype="int32")
            other = ops.arange(ops.shape(keys_mask)[1], dtype="int32")
            allowed = ops.logical_and(allowed, ops.not_equal(ops.expand_dims(number, 1), other))
        scores = self.scores(query, key)  # (batch, heads, queries, keys)
        if self.deepctr_exact:
            weights = softmax(ops.where(allowed, scores, ops.cast(MASKED_SCORE, scores.dtype)))
            weights = weights * ops.cast(ops.expand_dims(mask, (1, 3)), weights.dtype)
        else:
            weights = masked_softmax(scores, allowed)
        weights = self.weights_dropout(weights, training=training)
        return merge_heads(ops.matmul(weights, value))

    def _feed_forward(self, sequence: Any, training: bool | None) -> Any:
        hidden = self.ffn_dropout(self.ffn_hidden(sequence), training=training)
        result = self.ffn_output(hidden)
        if self.use_residual:
            result = result + sequence
        elif self.deepctr_exact:
            result = sequence
        return self.norm(result) if self.use_layer_norm else result

    def _pool(self, sequence: Any, mask: Any) -> Any:
        if self.output_type is None:
            return sequence
        if self.deepctr_exact:
            return ops.mean(sequence, axis=1) if self.output_type == "mean" else ops.sum(sequence, axis=1)
        real = ops.cast(mask, sequence.dtype)
        total = weighted_sum(sequence, real)
        if self.output_type == "sum":
            return total
        return total / ops.maximum(ops.sum(real, axis=1, keepdims=True), ops.cast(1.0, real.dtype))
