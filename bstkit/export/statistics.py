"""How far two sets of scores are apart, in figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from bstkit.export.report import Difference

Array = np.ndarray[Any, Any]

_BLOCK = 1024
"""Rows whose pairs are compared at once; bounds the memory."""


def summarise(pairs: Iterable[tuple[Array, Array]], smallest: float) -> Difference:
    """Statistics over several pairs of float32 arrays.

    Args:
        pairs: (scores, expected). What is not finite on either side is counted, and left out of the rest.
        smallest: relative differences are taken where `|expected|` is above it.
    """
    pairs = [(scores.ravel(), expected.ravel()) for scores, expected in pairs]
    scores = np.concatenate([np.empty(0, np.float32), *(pair[0] for pair in pairs)])
    expected = np.concatenate([np.empty(0, np.float32), *(pair[1] for pair in pairs)])
    finite = np.isfinite(scores) & np.isfinite(expected)
    exact, given = expected[finite].astype(np.float64), scores[finite].astype(np.float64)
    absolute = np.abs(given - exact)
    large = np.abs(exact) > smallest
    relative = absolute[large] / np.abs(exact[large])
    ulp = ulp_distance(scores[finite], expected[finite])
    ordered = [ordered_alike(*pair) for pair in pairs]
    alike, ranked = sum(one[0] for one in ordered), sum(one[1] for one in ordered)
    return Difference(
        len(scores),
        *_statistics(absolute),
        *_statistics(relative),
        max_ulp=int(ulp.max(initial=0)),
        p99_ulp=float(np.percentile(ulp, 99)) if ulp.size else 0.0,
        nan=int(np.isnan(scores).sum()),
        inf=int(np.isinf(scores).sum()),
        ranking=alike / ranked if ranked else None,
    )


def ulp_distance(a: Array, b: Array) -> Array:
    """How many float32 numbers lie between two, plus one where they differ; int64. Both zeros are one number."""
    distance: Array = np.abs(_place(a) - _place(b))
    return distance


def ordered_alike(scores: Array, expected: Array) -> tuple[float, int]:
    """How many pairs of rows two sides put into the same order.

    Args:
        scores, expected: `(rows,)`; a NaN is in no order.

    Returns:
        Of the pairs that `expected` holds apart, those that `scores` orders the same way, where a tie counts half; and
        how many pairs that is out of.
    """
    alike, ranked = 0.0, 0
    for start in range(0, len(scores), _BLOCK):
        block = slice(start, start + _BLOCK)
        above = expected[block, None] > expected[None, :]  # each pair once: from the row that stands higher
        ranked += int(above.sum())
        alike += float((scores[block, None] > scores[None, :])[above].sum())
        alike += 0.5 * float((scores[block, None] == scores[None, :])[above].sum())
    return alike, ranked


def _place(values: Array) -> Array:
    """The place of each float32 number among all of them, as int64; 0 for both zeros."""
    bits = np.ascontiguousarray(values, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def _statistics(values: Array) -> tuple[float, float, float]:
    """Maximum, mean and 99th percentile; zeros of nothing."""
    if not values.size:
        return 0.0, 0.0, 0.0
    return float(values.max()), float(values.mean()), float(np.percentile(values, 99))
