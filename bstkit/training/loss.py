"""The loss of one task: rows without its label are left out, positive ones may weigh more."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class PresentLabelLoss(keras.losses.Loss):
    """Binary cross-entropy of logits, over the rows that have a label.

    A batch without any gives 0, and no gradient.

    Args:
        positive_weight: float > 0, factor of the loss of rows with label 1; the mean still counts each row once, as
            with Keras's `class_weight`. Defaults to `1.0`.
        name: the loss's name. Defaults to `"present_label_loss"`.

    Call arguments:
        y_true: float tensor `(batch, 1)`, 0 or 1, NaN where the label is missing.
        y_pred: float tensor `(batch, 1)`, log odds.

    Returns:
        Float scalar, the mean over the rows with a label.

    Raises:
        ValueError: `positive_weight` is not above 0.
    """

    def __init__(self, positive_weight: float = 1.0, name: str = "present_label_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if positive_weight <= 0:
            raise ValueError(f"`positive_weight` must be above 0. Received: positive_weight={positive_weight}")
        self.positive_weight = positive_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row, `(batch,)`, so scaled that its mean over the batch is that of the labelled."""
        present = ops.logical_not(ops.isnan(y_true))
        label = ops.where(present, y_true, ops.zeros_like(y_true))
        each = ops.binary_crossentropy(label, y_pred, from_logits=True)
        if self.positive_weight != 1.0:
            each = each * ops.where(ops.equal(label, 1.0), self.positive_weight, 1.0)
        share = ops.cast(present, each.dtype)
        rows = ops.cast(ops.size(share), each.dtype)
        return ops.squeeze(each * share, axis=-1) * rows / ops.maximum(ops.sum(share), 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "positive_weight": self.positive_weight}
