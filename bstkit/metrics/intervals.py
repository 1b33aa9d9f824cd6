"""How sure metrics are: a bootstrap over users, since the rows of one user are not independent.

Users are drawn with replacement, as many as there are, each with all of its rows. A margin is 1.96 times the standard
deviation of a metric over the resamples: value and margin give a 95 % interval. Standard deviations are what 200
resamples can tell; percentiles would need thousands. Everything is made of sums over each user's rows, so that a
resample costs time by users, not by rows. For that the AUC is linear in the users, each row being compared with all
rows rather than with the drawn ones, and the bins of the calibration error stay those of all rows.

Reference:
    Efron and Tibshirani, 1993, An Introduction to the Bootstrap, chapters 6 and 13.
    Obuchowski, 1997, Biometrics 53, 567-578: the AUC of grouped rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.auc import pairs_won
from bstkit.metrics.calibration import BINS, equal_mass_bins
from bstkit.metrics.gauc import user_aucs
from bstkit.metrics.log_loss import entropy, row_losses
from bstkit.metrics.rows import Labels, Scores, checked_rows, numbered

CONFIDENCE = 0.95
RESAMPLES = 200
METRICS = ("auc", "gauc", "log_loss", "normalised_entropy", "calibration", "ece")

FEWEST_USERS = 10
"""Resamples of fewer vary too little to tell anything."""

_DEVIATIONS = 1.959964
"""So many standard deviations around the mean hold 95 % of a normal distribution."""


def margins(
    labels: NDArray[Any], scores: NDArray[Any], users: NDArray[Any], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, float | None]:
    """Compute the half width of each metric's 95 % interval.

    Args:
        labels, scores, users: as for `bstkit.metrics.quality`.
        resamples: how many.
        seed: of the draws.

    Returns:
        Metric -> half width; None where there are fewer than `FEWEST_USERS`, or under half of the resamples have the
        metric.

    Raises:
        ValueError: the rows are wrong, as for `bstkit.metrics.quality`.
    """
    labels, scores, users = checked_rows(labels, scores, users)
    user = numbered(users)
    count = int(user.max()) + 1
    if count < FEWEST_USERS:
        return dict.fromkeys(METRICS)
    sums = _user_sums(labels, scores, user)
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, sums.shape[1]))
    for number in range(resamples):
        drawn[number] = np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64) @ sums
    return {name: _margin(values) for name, values in _metrics(drawn).items()}


def _user_sums(labels: Labels, scores: Scores, user: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums over the rows of each user, `(users, 8 + BINS)`, that all metrics are made of."""
    aucs, won = user_aucs(labels, scores, user), pairs_won(labels, scores)
    cells = user * BINS + equal_mass_bins(scores)
    excess = np.bincount(cells, weights=scores - labels, minlength=len(aucs.rows) * BINS)
    columns = (
        aucs.rows,
        np.bincount(user, weights=labels),
        np.bincount(user, weights=scores),
        np.bincount(user, weights=row_losses(labels, scores)),
        np.where(aucs.covered, aucs.rows, 0),
        np.where(aucs.covered, aucs.rows * np.nan_to_num(aucs.auc), 0),
        np.bincount(user, weights=won * labels),
        np.bincount(user, weights=won * (1 - labels)),
    )
    return np.concatenate([np.stack(columns, axis=1), excess.reshape(-1, BINS)], axis=1, dtype=np.float64)


def _metrics(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Metric -> its value in each resample, but for a constant; NaN where it has none."""
    rows, positives, predicted, loss, covered, wins, won_by_positives, won_by_negatives = sums.T[:8]
    return {
        "auc": _ratio(won_by_positives, positives) + _ratio(won_by_negatives, rows - positives),
        "gauc": _ratio(wins, covered),
        "log_loss": loss / rows,
        "normalised_entropy": _ratio(loss / rows, entropy(positives / rows)),
        "calibration": _ratio(predicted, positives),
        "ece": np.abs(sums[:, 8:]).sum(axis=1) / rows,
    }


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=found, where=denominator > 0)


def _margin(values: NDArray[np.float64]) -> float | None:
    defined = values[~np.isnan(values)]
    return float(_DEVIATIONS * defined.std(ddof=1)) if 2 * len(defined) > len(values) else None
