"""The loss of one task when several are trained together: rows without its label are left out."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class PresentLabelLoss(keras.losses.Loss):
    """Binary cross-entropy of logits, over the rows that have a label.

    A batch without any gives 0, and no gradient.

    Args:
        name: the loss's name. Defaults to `"present_label_loss"`.

    Call arguments:
        y_true: float tensor `(batch, 1)`, 0 or 1, NaN where the label is missing.
        y_pred: float tensor `(batch, 1)`, log odds.

    Returns:
        Float scalar, the mean over the rows with a label.
    """

    def __init__(self, name: str = "present_label_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row, `(batch,)`, so scaled that its mean over the batch is that of the labelled."""
        present = ops.logical_not(ops.isnan(y_true))
        label = ops.where(present, y_true, ops.zeros_like(y_true))
        each = ops.binary_crossentropy(label, y_pred, from_logits=True)
        share = ops.cast(present, each.dtype)
        rows = ops.cast(ops.size(share), each.dtype)
        return ops.squeeze(each * share, axis=-1) * rows / ops.maximum(ops.sum(share), 1.0)
