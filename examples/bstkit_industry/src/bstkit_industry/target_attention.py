"""Pool a behaviour sequence by several heads that ask for what fits the candidate."""

import math
from typing import Any

import keras
from keras import ops

from bstkit_industry.arguments import check_int

TIE = 1e-4
"""Scores that are so close count as equal. One item clicked twice must not have two ranks because of rounding, which
differs from engine to engine: they would pick different steps."""

MASKED_SCORE = -3e4
"""Score of a step that does not count: its weight is then set to 0. Float16 can hold it."""


@keras.saving.register_keras_serializable(package="bstkit_industry")
class TargetAttentionPooling(keras.layers.Layer):
    """Attend from the candidate to the real steps, head by head, by scaled dot products.

    Head h returns `softmax(q K' / sqrt(key_dim)) V W` with `q = target Wq`, `K = sequence Wk`, `V = sequence Wv`; the
    heads are added up. There is one query, so neither `K` nor `V` is computed: `q Wk'` goes to the steps, and `Wv` to
    what is summed. The work for each step is `num_heads * dim`, not `dim` squared, which is what long histories need.

    Args:
        num_heads: int >= 1. Defaults to `4`.
        key_dim: int >= 1, width of queries and keys, each head. Defaults to `16`.
        value_dim: int >= 1, width of values, each head. Defaults to `16`.
        units: int >= 1, width of the result. Defaults to `None`: that of the sequence.
        top_k: int >= 0. Each head sees only the steps that it scores highest, so many, and all that tie with the last
            of them, within 1e-4; 0: all steps. Defaults to `0`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps; holes are allowed.
        target: float tensor `(batch, dim')`, the candidate.

    Returns:
        Float tensor `(batch, units)`; zeros for an empty history.

    Raises:
        ValueError: an argument is out of range or of another type.

    Reference:
        Chang et al., 2023, arXiv:2302.02352 (TWIN): attention over all heads, and a search by the very scores that the
        attention then uses; ours searches the history that the model is given, in the same graph, and each head for
        itself. Pi et al., 2020, arXiv:2006.05639 (SIM) searches by another, separately trained score. Neither has
        biases in these projections; TWIN's features that cross user and item are not here.
    """

    def __init__(
        self,
        num_heads: int = 4,
        key_dim: int = 16,
        value_dim: int = 16,
        units: int | None = None,
        top_k: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("num_heads", num_heads), ("key_dim", key_dim), ("value_dim", value_dim)):
            check_int(name, value)
        if units is not None:
            check_int("units", units)
        check_int("top_k", top_k, least=0)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.units = units
        self.top_k = top_k

    def build(self, sequence_shape: tuple[int | None, ...], target_shape: tuple[int | None, ...]) -> None:
        """Create the projections, heads first."""
        dim, target_dim = sequence_shape[-1], target_shape[-1]
        self.query_kernel = self._kernel("query_kernel", target_dim, self.key_dim)
        self.key_kernel = self._kernel("key_kernel", self.key_dim, dim)
        self.value_kernel = self._kernel("value_kernel", dim, self.value_dim)
        self.output_kernel = self._kernel("output_kernel", self.value_dim, self.units or dim)

    def _kernel(self, name: str, rows: int, columns: int) -> Any:
        """A matrix for each head, with Glorot's limits for one matrix; Keras would take the heads for a convolution."""
        limit = math.sqrt(6 / (rows + columns))
        initializer = keras.initializers.RandomUniform(-limit, limit)
        return self.add_weight(name=name, shape=(self.num_heads, rows, columns), initializer=initializer)

    def call(self, sequence: Any, mask: Any, target: Any) -> Any:
        """Pool."""
        sequence = ops.where(ops.expand_dims(mask, -1), sequence, ops.cast(0.0, sequence.dtype))
        query = ops.matmul(ops.expand_dims(target, 0), self.query_kernel)  # (heads, batch, key_dim)
        query = ops.matmul(query * self.key_dim**-0.5, self.key_kernel)  # (heads, batch, dim)
        scores = ops.matmul(ops.transpose(query, (1, 0, 2)), ops.transpose(sequence, (0, 2, 1)))  # (batch, heads, time)
        summed = ops.matmul(self._weights(scores, ops.expand_dims(mask, 1)), sequence)  # (batch, heads, dim)
        value = ops.matmul(ops.transpose(summed, (1, 0, 2)), self.value_kernel)  # (heads, batch, value_dim)
        return ops.sum(ops.matmul(value, self.output_kernel), axis=0)

    def _weights(self, scores: Any, mask: Any) -> Any:
        """The weight of each step in each head; zeros where a step does not count."""
        masked = ops.cast(MASKED_SCORE, scores.dtype)
        scores = ops.where(mask, scores, masked)
        counts = ops.cast(mask, scores.dtype)
        if self.top_k:
            best, _ = ops.top_k(scores, ops.minimum(self.top_k, ops.shape(scores)[-1]))
            is_best = scores >= best[..., -1:] - TIE
            scores = ops.where(is_best, scores, masked)
            counts = counts * ops.cast(is_best, scores.dtype)
        # Keras warns of a softmax over one step.
        weights = ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)
        return weights * counts

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("num_heads", "key_dim", "value_dim", "units", "top_k")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
