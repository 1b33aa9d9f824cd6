"""The metrics that training watches and a run records, of those in `bstkit.metrics`: AUC, GAUC and log loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bstkit.metrics.auc import auc
from bstkit.metrics.gauc import user_aucs
from bstkit.metrics.log_loss import log_loss
from bstkit.metrics.rows import checked_rows, numbered


@dataclass(frozen=True)
class Metrics:
    """How good scores are on some rows.

    Args:
        auc: probability that a positive row outranks a negative one, ties counting half; None when a class is missing.
        gauc: mean over users of their own AUC, weighted by their rows; None when no user has both classes.
        gauc_users: users with both classes, which are those that `gauc` covers.
        log_loss: mean negative log likelihood, natural logarithm.
        rows: number of rows.
    """

    auc: float | None
    gauc: float | None
    gauc_users: int
    log_loss: float
    rows: int


def evaluate(labels: NDArray[Any], scores: NDArray[Any], users: NDArray[Any]) -> Metrics:
    """Compute every metric.

    Args:
        labels: `(rows,)`, 0 or 1.
        scores: `(rows,)`, probabilities.
        users: `(rows,)`, whom each row was shown to; any sortable values.

    Raises:
        ValueError: the arrays differ in length or are empty, a label is not 0 or 1, or a score is not a probability.
    """
    labels, scores, users = checked_rows(labels, scores, users)
    aucs = user_aucs(labels, scores, numbered(users))
    return Metrics(
        auc=auc(labels, scores),
        gauc=aucs.mean(),
        gauc_users=int(aucs.covered.sum()),
        log_loss=log_loss(labels, scores),
        rows=len(labels),
    )
