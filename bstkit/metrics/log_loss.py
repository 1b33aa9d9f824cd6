"""Log loss, and log loss beside that of a model that knows the base rate only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.rows import Labels, Scores

_SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are kept so far from 0 and 1, as scikit-learn does, that no row costs infinitely much."""


def log_loss(labels: Labels, scores: Scores) -> float:
    """Compute the mean negative log likelihood, natural logarithm."""
    from sklearn.metrics import log_loss

    return float(log_loss(labels, scores, labels=[0, 1]))


def row_losses(labels: Labels, scores: Scores) -> NDArray[np.float64]:
    """Compute the negative log likelihood of each row; `log_loss` is its mean."""
    likelihood = np.where(labels == 1, scores, 1 - scores)
    losses: NDArray[np.float64] = -np.log(np.clip(likelihood, _SMALLEST, 1 - _SMALLEST))
    return losses


def entropy(rate: Any) -> Any:
    """Compute the entropy of a rate, or of an array of them, in nats; 0 at 0 and 1."""
    rate = np.asarray(rate, np.float64)
    inside = (rate > 0) & (rate < 1)
    safe = np.where(inside, rate, 0.5)
    return np.where(inside, -safe * np.log(safe) - (1 - safe) * np.log1p(-safe), 0.0)


def normalised_entropy(log_loss: float, rate: float) -> float | None:
    """Divide a log loss by that of always predicting the rate of positives of the same rows.

    Below 1 is better than that constant; None when the rows have one class only.

    Reference:
        He et al., 2014, doi:10.1145/2648584.2648589, equation 1.
    """
    return log_loss / float(entropy(rate)) if 0 < rate < 1 else None
