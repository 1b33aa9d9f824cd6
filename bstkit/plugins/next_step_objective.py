"""Train the states of an encoder to tell the next behaviour from one that did not happen."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.masking import zero_masked


@keras.saving.register_keras_serializable(package="bstkit")
class NextStepObjective(keras.layers.Layer):
    """Ask a small network, at each real step before another real one, which of two behaviours comes next.

    It reads the encoder's state beside the behaviour that did come next, which it must call likely, and beside a
    sampled one, which it must not. The loss of such a pair is the sum of both log losses, in float32 whatever the dtype
    policy.

    Args:
        scale: float >= 0, factor of the loss. Defaults to `1.0`.
        units: hidden widths of the network. Defaults to `(100, 50)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation, of the hidden layers. Defaults to
            `"sigmoid"`.
        deepctr_exact: bool, divide the sum by all `batch * (time - 1)` pairs, padding included, as DeepCTR does: the
            loss then shrinks where batches are padded further. Defaults to `False`: the mean over the real pairs.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, the encoder's states; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps. A step before a hole has no next one.
        clicked: float tensor `(batch, time, dim')`, the embedded behaviours.
        negative: float tensor `(batch, time, dim')`, one embedded sampled behaviour in the place of each.

    Returns:
        float32 scalar, 0 where no row has two real steps in a row.

    Raises:
        ValueError: an argument is out of range or unknown, or `negative` and `clicked` differ in width.

    Reference:
        Zhou et al., 2019, arXiv:1809.03672 (DIEN), equation 6; DeepCTR `auxiliary_loss`, which takes the logarithm of
        a sigmoid and gives NaN where that is 0 or 1. This one is computed from the logits.
    """

    def __init__(
        self,
        scale: float = 1.0,
        units: Sequence[int] = (100, 50),
        activation: str = "sigmoid",
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not scale >= 0:  # NaN neither
            raise ValueError(f"`scale` must be 0 or more. Received: scale={scale}")
        self.scale = scale
        self.deepctr_exact = deepctr_exact
        self.network = DenseStack(units, activation, name="hidden", dtype=self.dtype_policy)
        self.score = keras.layers.Dense(1, name="score", dtype=self.dtype_policy)

    def build(
        self,
        sequence_shape: tuple[int | None, ...],
        clicked_shape: tuple[int | None, ...],
        negative_shape: tuple[int | None, ...],
    ) -> None:
        """Create the network."""
        if negative_shape[-1] != clicked_shape[-1]:
            raise ValueError(
                f"`negative` must be as wide as `clicked`, {clicked_shape[-1]}. "
                f"Received: negative.shape={negative_shape}"
            )
        width = (sequence_shape[-1] or 0) + (clicked_shape[-1] or 0)
        self.network.build((*sequence_shape[:-1], width))
        self.score.build((*sequence_shape[:-1], (width, *self.network.units)[-1]))

    def call(self, sequence: Any, mask: Any, clicked: Any, negative: Any, training: bool | None = None) -> Any:
        """Compare with what came next."""
        pairs = ops.logical_and(mask[:, :-1], mask[:, 1:])
        states = zero_masked(sequence[:, :-1], pairs)
        came = self._logits(states, clicked, pairs, training)
        sampled = self._logits(states, negative, pairs, training)
        losses = ops.where(pairs, ops.softplus(-came) + ops.softplus(sampled), 0.0)
        counted = ops.ones_like(losses) if self.deepctr_exact else ops.cast(pairs, losses.dtype)
        return self.scale * ops.sum(losses) / ops.maximum(ops.sum(counted), 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "units": list(self.network.units),
            "activation": self.network.activation,
            "deepctr_exact": self.deepctr_exact,
        }

    def _logits(self, states: Any, steps: Any, pairs: Any, training: bool | None) -> Any:
        """How likely each state finds the step after it, `(batch, time - 1)`."""
        after = zero_masked(steps[:, 1:], pairs)
        hidden = self.network(ops.concatenate([states, after], axis=-1), mask=pairs, training=training)
        return ops.cast(ops.squeeze(self.score(hidden), -1), "float32")
