"""Rows for Hypothesis, and the metrics straight from their definitions, in plain Python."""

import math

from hypothesis import strategies as st

SCORES = st.one_of(
    st.sampled_from([0.0, 1e-300, 1e-9, 0.1, 0.25, 0.5, 0.5 + 1e-12, 0.9, 1 - 1e-9, 1.0]), st.floats(0.0, 1.0)
)
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES, st.integers(0, 3)), min_size=1, max_size=40)
SMALLEST = 2.0**-52


def count_pairs(labels, scores):
    """AUC: the share of (positive, negative) pairs in the right order, ties counting half; None for one class."""
    positive = [s for y, s in zip(labels, scores, strict=True) if y]
    negative = [s for y, s in zip(labels, scores, strict=True) if not y]
    if not positive or not negative:
        return None
    return sum((p > n) + 0.5 * (p == n) for p in positive for n in negative) / (len(positive) * len(negative))


def mean_loss(labels, scores):
    """Log loss, probabilities kept from 0 and 1."""
    likelihood = [s if y else 1 - s for y, s in zip(labels, scores, strict=True)]
    return sum(-math.log(min(max(p, SMALLEST), 1 - SMALLEST)) for p in likelihood) / len(likelihood)


def bins_of(scores, bins):
    """The bin of each score: where the mean rank of the rows with that score falls among all rows."""
    found = []
    for score in scores:
        below, equal = sum(s < score for s in scores), sum(s == score for s in scores)
        found.append(min(bins - 1, (2 * below + equal) * bins // (2 * len(scores))))
    return found


def calibration_error(labels, scores, bins):
    """ECE: over bins, the share of rows times |mean score - rate of positives|."""
    total = 0.0
    place = bins_of(scores, bins)
    for number in set(place):
        own = [(y, s) for y, s, b in zip(labels, scores, place, strict=True) if b == number]
        gap = sum(s for _, s in own) / len(own) - sum(y for y, _ in own) / len(own)
        total += len(own) / len(scores) * abs(gap)
    return total
