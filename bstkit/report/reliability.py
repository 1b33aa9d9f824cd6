"""Held-out rows in bins of their scores, and how many of each are positive."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_Z = 1.959964
"""Standard deviations on either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Bin:
    """Rows whose probabilities lie in one range.

    Args:
        low, high: the range.
        rows: how many have a label.
        positives: of them.
        predicted: mean probability.
        observed: share of positives.
        interval: 95 % of the observed share, after Wilson.
    """

    low: float
    high: float
    rows: int
    positives: int
    predicted: float
    observed: float
    interval: tuple[float, float]


def calibration_bins(labels: np.ndarray[Any, Any], scores: np.ndarray[Any, Any]) -> tuple[Bin, ...]:
    """Put rows with a label into the ranges between the deciles of their scores; equal deciles make one range.

    Args:
        labels: `(rows,)`, 0, 1, or NaN where it is not known.
        scores: `(rows,)`, probabilities.
    """
    import numpy as np

    from bstkit.export.score_bins import score_bins

    known = ~np.isnan(labels)
    labels, scores = labels[known], scores[known].astype(np.float64)
    if not len(scores):
        return ()
    edges = score_bins(scores, held_out=True).edges
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, len(edges) - 2)
    found = []
    for number in np.unique(place):
        inside = place == number
        rows, positives = int(inside.sum()), int(labels[inside].sum())
        found.append(
            Bin(
                edges[number],
                edges[number + 1],
                rows,
                positives,
                float(scores[inside].mean()),
                positives / rows,
                wilson_interval(positives, rows),
            )
        )
    return tuple(found)


def wilson_interval(positives: int, rows: int) -> tuple[float, float]:
    """95 % interval of a share.

    Reference:
        Wilson, 1927, Journal of the American Statistical Association 22, pages 209 to 212.
    """
    share, squared = positives / rows, _Z**2
    centre = (share + squared / (2 * rows)) / (1 + squared / rows)
    half = _Z / (1 + squared / rows) * math.sqrt(share * (1 - share) / rows + squared / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)
