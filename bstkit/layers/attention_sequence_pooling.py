"""DIN's attention over a sequence, as a pooled vector or as the scores themselves."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.local_activation import LocalActivationUnit
from bstkit.layers.masking import given_mask


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionSequencePooling(keras.layers.Layer):
    """Sum the steps, each weighed by DIN's local activation unit.

    Args:
        units: hidden widths of the unit. Defaults to `(80, 40)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the weights over the real steps. Defaults to `False`, as in the paper.
        return_score: bool, return the weights instead of the sum. Defaults to `False`.
        deepctr_exact: bool, DeepCTR's own numbers: with `weight_normalization` an empty row is the mean of its
            padding, dice learns from padding too, and NaN at a masked step spreads. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, the keys.
        target: float tensor `(batch, dim)`, the query.
        mask: bool tensor `(batch, time)`, True at real steps.
        length: in place of `mask`, int or float tensor `(batch,)` or `(batch, 1)`; past `time` it counts as `time`.

    Returns:
        Float tensor `(batch, dim)`, or `(batch, time)` where `return_score`; zeros for an empty row.

    Raises:
        ValueError: a width is below 1, the activation is unknown, `target` and `sequence` differ in width, or not
            exactly one of `mask` and `length` is given.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer`, which keeps a middle axis of 1.
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
        self.unit = LocalActivationUnit(
            units, activation, weight_normalization, deepctr_exact, name="local_activation", dtype=self.dtype_policy
        )
        self.return_score = return_score

    def build(self, sequence_shape: tuple[int | None, ...], target_shape: tuple[int | None, ...]) -> None:
        """Create the unit's network."""
        self.unit.build(sequence_shape, target_shape)

    def call(
        self, sequence: Any, target: Any, mask: Any = None, length: Any = None, training: bool | None = None
    ) -> Any:
        """Pool."""
        real = given_mask(sequence, mask, length)
        if self.return_score:
            return self.unit(sequence, real, target, training=training)
        return self.unit.pooled(sequence, real, target, training)

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        unit = self.unit.get_config()
        names = ("units", "activation", "weight_normalization", "deepctr_exact")
        return {**super().get_config(), **{name: unit[name] for name in names}, "return_score": self.return_score}
