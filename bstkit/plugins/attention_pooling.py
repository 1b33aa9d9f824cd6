"""Pool a behaviour sequence by its relevance to the candidate."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.local_activation import LocalActivationUnit


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionPooling(keras.layers.Layer):
    """Sum the steps, each weighed by DIN's local activation unit.

    Args:
        units: hidden widths of the unit. Defaults to `(80, 40)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the weights over the real steps. Defaults to `False`, as in the paper.
        return_score: must be False: a pooling returns one vector a row. `score.attention` returns the weights.
        deepctr_exact: bool, DeepCTR's own numbers, which read padding: with `weight_normalization` an empty history is
            the mean of what stands at its masked steps, so that it changes with the padding; dice learns from masked
            steps; NaN there spreads. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        target: float tensor `(batch, dim)`.

    Returns:
        Float tensor `(batch, dim)`; zeros for an empty history, but see `deepctr_exact`.

    Raises:
        ValueError: a width is below 1, the activation is unknown, `return_score` is True, or `target` and `sequence`
            differ in width.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer`.
    """

    def __init__(
        self,
        units: Sequence[int] = (80, 40),
        activation: str = "sigmoid",
        weight_normalization: bool = False,
        return_score: bool = False,
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if return_score:
            raise ValueError(
                "`return_score` must be False in a pooling, which returns one vector a row: score.attention returns "
                "the weights. Received: return_score=True"
            )
        self.unit = LocalActivationUnit(
            units, activation, weight_normalization, deepctr_exact, name="local_activation", dtype=self.dtype_policy
        )

    def build(self, sequence_shape: tuple[int | None, ...], target_shape: tuple[int | None, ...]) -> None:
        """Create the unit's network."""
        self.unit.build(sequence_shape, target_shape)

    def call(self, sequence: Any, mask: Any, target: Any, training: bool | None = None) -> Any:
        """Pool."""
        return self.unit.pooled(sequence, mask, target, training)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        unit = self.unit.get_config()
        names = ("units", "activation", "weight_normalization", "deepctr_exact")
        return {**super().get_config(), **{name: unit[name] for name in names}, "return_score": False}
