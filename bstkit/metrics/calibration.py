"""Do predicted probabilities mean what they say?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.rows import Labels, Scores

BINS = 15
"""Bins of the expected calibration error, as in Guo et al., 2017, arXiv:1706.04599, theirs of equal width."""


def calibration(predicted: float, positives: float) -> float | None:
    """Divide the positives that were predicted by those that were observed; 1 is best, None when there are none.

    Args:
        predicted: sum of the scores.
        positives: number of positive rows.
    """
    return predicted / positives if positives else None


def equal_mass_bins(scores: Scores, bins: int = BINS) -> NDArray[np.int64]:
    """Give each row a bin such that bins have equally many rows, lowest scores first.

    Equal scores share the bin of their middle rank, whatever the order of rows: with many ties bins are uneven, and may
    be empty.

    Args:
        scores: `(rows,)`.
        bins: how many.
    """
    order = np.argsort(scores, kind="stable")
    score = scores[order]
    first = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    counts = np.diff(np.append(first, len(score)))
    bin_of = np.empty(len(score), np.int64)
    bin_of[order] = np.repeat(middle_rank_bins(counts, bins), counts)
    return bin_of


def middle_rank_bins(counts: NDArray[np.int64], bins: int) -> NDArray[np.int64]:
    """Give each group of rows the bin of its middle rank.

    Args:
        counts: rows of each group, lowest scores first.
        bins: how many.
    """
    doubled_middle = 2 * np.cumsum(counts) - counts  # of ranks that run from 0 to all rows, in whole numbers
    found: NDArray[np.int64] = np.minimum(doubled_middle * bins // (2 * counts.sum()), bins - 1)
    return found


def expected_calibration_error(labels: Labels, scores: Scores, bins: int = BINS) -> float:
    """Compute the mean over rows of how far their bin's mean score is from its rate of positives.

    Of a finite number of rows it is above 0 even for perfect probabilities.

    Args:
        labels: `(rows,)`, 0 or 1.
        scores: `(rows,)`.
        bins: bins of equal mass.
    """
    excess = np.bincount(equal_mass_bins(scores, bins), weights=scores - labels, minlength=bins)
    return float(np.abs(excess).sum() / len(scores))
