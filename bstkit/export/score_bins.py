"""Where the scores of known rows lie: what a caller watches its own scores against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_BINS = 10


@dataclass(frozen=True)
class ScoreBins:
    """The probabilities of one task, in ranges that hold about the same number of rows.

    Args:
        rows: how many were scored.
        held_out: whether they are held-out rows; generated ones say nothing about traffic.
        mean: of the scores.
        edges: range i goes from `edges[i]` to `edges[i + 1]`; the first is 0, the last is 1.
        counts: rows in each range, the upper edge excluded but in the last.
    """

    rows: int
    held_out: bool
    mean: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]


def score_bins(scores: np.ndarray[Any, Any], held_out: bool) -> ScoreBins:
    """Put probabilities into ranges between their deciles; equal deciles make one range."""
    scores = scores.reshape(-1).astype(np.float64)
    inner = np.quantile(scores, np.arange(1, _BINS) / _BINS)
    edges = np.unique(np.concatenate([[0.0], inner, [1.0]]))
    counts = np.histogram(scores, edges)[0]
    return ScoreBins(len(scores), held_out, float(scores.mean()), tuple(edges.tolist()), tuple(counts.tolist()))
