"""AUC: the probability that a positive row outranks a negative one, ties counting half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.rows import Labels, Scores


def auc(labels: Labels, scores: Scores) -> float | None:
    """Compute the AUC; None when a class is missing."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores)) if 0 < labels.sum() < len(labels) else None


def pairs_won(labels: Labels, scores: Scores) -> NDArray[np.float64]:
    """Compute of each row the share of the other class's rows that it stands in right order with, ties counting half.

    The mean over the positive rows is the AUC, and so is the mean over the negative ones.

    Args:
        labels: `(rows,)`, 0 or 1.
        scores: `(rows,)`.

    Returns:
        float64 `(rows,)`; 0 when a class is missing.
    """
    order = np.argsort(scores, kind="stable")
    score, positive = scores[order], labels[order] == 1
    new = np.append(True, score[1:] != score[:-1])
    first, tie = np.flatnonzero(new), np.cumsum(new) - 1
    clicked = np.add.reduceat(positive.astype(np.int64), first)
    other = np.diff(np.append(first, len(score))) - clicked
    below = (np.cumsum(other) - other / 2) / max(1, other.sum())
    above = 1 - (np.cumsum(clicked) - clicked / 2) / max(1, clicked.sum())
    won = np.empty(len(score))
    won[order] = np.where(positive, below[tie], above[tie])
    return won if 0 < clicked.sum() < len(score) else np.zeros(len(score))
