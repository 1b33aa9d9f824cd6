"""Weigh each behaviour by its relevance to the candidate."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.local_activation import LocalActivationUnit


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionScore(LocalActivationUnit):
    """DIN's local activation unit as a score: one weight a step, for the components after it.

    Args:
        units: hidden widths of the unit. Defaults to `(80, 40)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the weights over the real steps. Defaults to `False`, as in the paper.
        deepctr_exact: must be False: a score is 0 at masked steps, which DeepCTR's softmax of an empty row is not.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        target: float tensor `(batch, dim)`.

    Returns:
        Float tensor `(batch, time)`, exactly 0 at masked steps.

    Raises:
        ValueError: a width is below 1, the activation is unknown, `deepctr_exact` is True, or `target` and `sequence`
            differ in width.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer(return_score=True)`.
    """

    def __init__(
        self,
        units: Sequence[int] = (80, 40),
        activation: str = "sigmoid",
        weight_normalization: bool = False,
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        if deepctr_exact:
            raise ValueError(
                "`deepctr_exact` must be False in a score, which is 0 at masked steps: "
                "bstkit.layers.local_activation has that form. Received: deepctr_exact=True"
            )
        super().__init__(units, activation, weight_normalization, **kwargs)
