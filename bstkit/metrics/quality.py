"""Every metric of some rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bstkit.metrics.auc import auc
from bstkit.metrics.calibration import calibration, expected_calibration_error
from bstkit.metrics.gauc import user_aucs
from bstkit.metrics.log_loss import log_loss, normalised_entropy
from bstkit.metrics.rows import checked_rows, numbered


@dataclass(frozen=True)
class Quality:
    """How good scores are on some rows; of no rows, everything is None.

    Args:
        rows: number of rows.
        positives: of them.
        auc: probability that a positive row outranks a negative one, ties counting half; None when a class is missing.
        gauc: mean over users of their own AUC, weighted by their rows; None when no user has both classes.
        gauc_users: users with both classes, which are those that `gauc` covers.
        one_class_users: users that it leaves out.
        log_loss: mean negative log likelihood, natural logarithm.
        normalised_entropy: log loss over that of always predicting the rate of these rows; None for one class.
        calibration: mean score over the rate of positives; None without positives.
        ece: expected calibration error over `bstkit.metrics.calibration.BINS` bins of equal mass.
    """

    rows: int = 0
    positives: int = 0
    auc: float | None = None
    gauc: float | None = None
    gauc_users: int = 0
    one_class_users: int = 0
    log_loss: float | None = None
    normalised_entropy: float | None = None
    calibration: float | None = None
    ece: float | None = None

    @property
    def one_class(self) -> bool:
        """Whether a class is missing."""
        return self.positives in (0, self.rows)


def quality(labels: NDArray[Any], scores: NDArray[Any], users: NDArray[Any]) -> Quality:
    """Compute every metric, exactly.

    Args:
        labels: `(rows,)`, 0 or 1.
        scores: `(rows,)`, probabilities.
        users: `(rows,)`, whom each row was shown to; any sortable values.

    Raises:
        ValueError: the arrays differ in length or are empty, a label is not 0 or 1, or a score is not a probability.
    """
    labels, scores, users = checked_rows(labels, scores, users)
    rows, positives = len(labels), int(labels.sum())
    aucs = user_aucs(labels, scores, numbered(users))
    covered = int(aucs.covered.sum())
    loss = log_loss(labels, scores)
    return Quality(
        rows=rows,
        positives=positives,
        auc=auc(labels, scores),
        gauc=aucs.mean(),
        gauc_users=covered,
        one_class_users=len(aucs.rows) - covered,
        log_loss=loss,
        normalised_entropy=normalised_entropy(loss, positives / rows),
        calibration=calibration(float(scores.sum()), positives),
        ece=expected_calibration_error(labels, scores),
    )
