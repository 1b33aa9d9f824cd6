"""DIN's local activation unit: how much each behaviour matters for one candidate."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.masking import deepctr_masked_score, masked_softmax, softmax, zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class LocalActivationUnit(keras.layers.Layer):
    """Score each step of a sequence against a candidate with a small network over `[q, k, q - k, q * k]`.

    Args:
        units: hidden widths of the network; an empty list scores the features themselves. Defaults to `(80, 40)`.
        activation: `"dice"` (which learns its statistics from real steps), `"prelu"` or the name of a Keras
            activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the scores over the real steps. Defaults to `False`, as in the paper.
        deepctr_exact: bool, DeepCTR's own numbers: the softmax of an empty row is spread over its padding, dice
            learns from padding too, and NaN at a masked step spreads. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, the keys.
        mask: bool tensor `(batch, time)`, True at real steps.
        target: float tensor `(batch, dim)`, the query.

    Returns:
        Float tensor `(batch, time)`, exactly 0 at masked steps, so all zeros for an empty history.

    Raises:
        ValueError: a width is below 1, the activation is unknown, or `target` and `sequence` differ in width.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `LocalActivationUnit`, and the scores of its
        `AttentionSequencePoolingLayer`, which averages the padding of an empty history where `weight_normalization`
        is on.
    """

    def __init__(
        self,
        units: Sequence[int] = (80, 40),
        activation: str = "sigmoid",
        weight_normalization: bool = False,
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.network = DenseStack(units, activation, name="hidden", dtype=self.dtype_policy)
        self.weight_normalization = weight_normalization
        self.deepctr_exact = deepctr_exact

    def build(self, sequence_shape: tuple[int | None, ...], target_shape: tuple[int | None, ...]) -> None:
        """Create the network."""
        dim = sequence_shape[-1]
        if target_shape[-1] != dim:
            raise ValueError(f"`target` must be as wide as `sequence`, {dim}. Received: target.shape={target_shape}")
        width = 4 * dim if dim else None
        self.network.build((*sequence_shape[:-1], width))
        self.score = keras.layers.Dense(1, name="score", dtype=self.dtype_policy)
        self.score.build((*sequence_shape[:-1], (width, *self.network.units)[-1]))

    def call(self, sequence: Any, mask: Any, target: Any, training: bool | None = None) -> Any:
        """Score."""
        weight = ops.squeeze(self._column(sequence, mask, target, training), -1)
        return weight if self.weight_normalization else ops.where(mask, weight, ops.cast(0.0, weight.dtype))

    def pooled(self, sequence: Any, mask: Any, target: Any, training: bool | None = None) -> Any:
        """The sum of the steps, each times its weight.

        Returns:
            Float tensor `(batch, dim)`; zeros for an empty history, unless `deepctr_exact`.
        """
        weight = self._column(sequence, mask, target, training)
        if not self.deepctr_exact:
            return ops.sum(zero_masked(sequence, mask) * weight, axis=1)
        if not self.weight_normalization:
            weight = zero_masked(weight, mask)
        return ops.sum(sequence * weight, axis=1)

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": list(self.network.units),
            "activation": self.network.activation,
            "weight_normalization": self.weight_normalization,
            "deepctr_exact": self.deepctr_exact,
        }

    def _column(self, sequence: Any, mask: Any, target: Any, training: bool | None) -> Any:
        """The weights, `(batch, time, 1)`; without `weight_normalization`, masked steps have some finite weight."""
        real, query = ops.expand_dims(mask, -1), ops.expand_dims(target, 1)
        if self.deepctr_exact:
            keys, query = sequence, ops.broadcast_to(query, ops.shape(sequence))
        else:
            keys, query = zero_masked(sequence, mask), zero_masked(query, mask)
        if training and self.network.units and not self.deepctr_exact:
            hidden = self.network.resume(self._first_products(keys, target), mask, training)
        else:
            features = ops.concatenate([query, keys, query - keys, query * keys], axis=-1)
            hidden = self.network(features, mask=None if self.deepctr_exact else mask, training=training)
        scores = self.score(hidden)
        if not self.weight_normalization:
            return scores
        if self.deepctr_exact:
            return softmax(ops.where(real, scores, deepctr_masked_score(scores.dtype)), axis=1)
        return masked_softmax(scores, real, axis=1)

    def _first_products(self, keys: Any, target: Any) -> Any:
        """What the network's first dense layer makes of `[q, k, q - k, q * k]`, without those features.

        `q (A + C) + k (B - C) + (q * k) D` with the four parts of its kernel: half of the operations, a quarter of the
        memory. The last digits differ, and so do masked steps, which nobody reads.
        """
        dense = self.network.dense[0]
        of_query, of_key, of_difference, of_product = ops.split(ops.convert_to_tensor(dense.kernel), 4, axis=0)
        alone = ops.matmul(target, of_query + of_difference) + dense.bias  # once for all steps
        query = ops.expand_dims(target, 1)
        return (
            ops.matmul(keys, of_key - of_difference) + ops.matmul(query * keys, of_product) + ops.expand_dims(alone, 1)
        )
