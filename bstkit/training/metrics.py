"""Exact metrics of click predictions: AUC, GAUC and log loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

    Reference:
        GAUC: Zhou et al., 2018, arXiv:1706.06978, equation 6, weighted by impressions.
    """
    from sklearn.metrics import log_loss, roc_auc_score

    labels, scores, users = (np.asarray(array).reshape(-1) for array in (labels, scores, users))
    if not len(labels) == len(scores) == len(users) > 0:
        raise ValueError(
            f"`labels`, `scores` and `users` must be equally long, at least 1. "
            f"Received: {len(labels)}, {len(scores)} and {len(users)} rows"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"`labels` must be 0 or 1. Received: values={np.unique(labels)[:5].tolist()}")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(f"`scores` must lie in [0, 1]. Received: range=[{scores.min()}, {scores.max()}]")
    scores = scores.astype(np.float64)
    both = 0 < labels.sum() < len(labels)
    gauc, gauc_users = _gauc(labels, scores, users)
    return Metrics(
        auc=float(roc_auc_score(labels, scores)) if both else None,
        gauc=gauc,
        gauc_users=gauc_users,
        log_loss=float(log_loss(labels, scores, labels=[0, 1])),
        rows=len(labels),
    )


def _gauc(labels: NDArray[Any], scores: NDArray[np.float64], users: NDArray[Any]) -> tuple[float | None, int]:
    """Return the mean AUC of the users with both classes, weighted by rows, and their number.

    A user's AUC is the Mann-Whitney statistic of the ranks inside the user, tied scores sharing their mean rank.
    """
    user = np.unique(users, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((scores, user))
    user, score, positive = user[order], scores[order], labels[order].astype(np.float64)
    place = np.arange(len(user))
    new_user = np.append(True, user[1:] != user[:-1])
    new_value = new_user | np.append(True, score[1:] != score[:-1])
    tie = np.cumsum(new_value) - 1
    tie_first = np.flatnonzero(new_value)
    tie_last = np.append(tie_first[1:], len(user)) - 1
    rank = (tie_first + tie_last)[tie] / 2 - place[new_user][user] + 1
    shown = np.bincount(user)
    clicked = np.bincount(user, weights=positive)
    pairs = clicked * (shown - clicked)
    covered = pairs > 0
    if not covered.any():
        return None, 0
    wins = np.bincount(user, weights=rank * positive) - clicked * (clicked + 1) / 2
    auc = wins[covered] / pairs[covered]
    return float(np.average(auc, weights=shown[covered])), int(covered.sum())
