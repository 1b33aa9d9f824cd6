"""DIN's local activation unit: how much each behaviour matters for one candidate."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import masked_softmax, zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class LocalActivationUnit(keras.layers.Layer):
    """Score each step of a sequence against a candidate with a small network over `[q, k, q - k, q * k]`.

    Args:
        units: hidden widths of the network. Defaults to `(80, 40)`.
        activation: name of a Keras activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the scores over the real steps. Defaults to `False`, as in the paper.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, the keys.
        mask: bool tensor `(batch, time)`, True at real steps.
        target: float tensor `(batch, dim)`, the query.

    Returns:
        Float tensor `(batch, time)`, exactly 0 at masked steps, so all zeros for an empty history.

    Raises:
        ValueError: a width is below 1, or `target` and `sequence` differ in width.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer`, which averages the padding of an
        empty history where `weight_normalization` is on.
    """

    def __init__(
        self,
        units: Sequence[int] = (80, 40),
        activation: str = "sigmoid",
        weight_normalization: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if any(width < 1 for width in units):
            raise ValueError(f"`units` must be at least 1 each. Received: units={tuple(units)}")
        self.units = tuple(units)
        self.activation = activation
        self.weight_normalization = weight_normalization

    def build(self, sequence_shape: tuple[int | None, ...], target_shape: tuple[int | None, ...]) -> None:
        """Create the network."""
        dim = sequence_shape[-1]
        if target_shape[-1] != dim:
            raise ValueError(f"`target` must be as wide as `sequence`, {dim}. Received: target.shape={target_shape}")
        self.hidden = [
            keras.layers.Dense(width, activation=self.activation, name=f"hidden_{i}", dtype=self.dtype_policy)
            for i, width in enumerate(self.units, start=1)
        ]
        self.score = keras.layers.Dense(1, name="score", dtype=self.dtype_policy)
        width = 4 * dim if dim else None
        for layer in (*self.hidden, self.score):
            layer.build((*sequence_shape[:-1], width))
            width = layer.units

    def call(self, sequence: Any, mask: Any, target: Any) -> Any:
        """Score."""
        keys = zero_masked(sequence, mask)
        query = ops.broadcast_to(ops.expand_dims(target, 1), ops.shape(keys))
        features = ops.concatenate([query, keys, query - keys, query * keys], axis=-1)
        for layer in self.hidden:
            features = layer(features)
        scores = ops.squeeze(self.score(features), -1)
        if self.weight_normalization:
            return masked_softmax(scores, mask)
        return ops.where(mask, scores, ops.cast(0.0, scores.dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": list(self.units),
            "activation": self.activation,
            "weight_normalization": self.weight_normalization,
        }
