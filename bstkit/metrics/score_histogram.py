"""A fixed histogram of scores: AUC and calibration error of any number of rows in bounded memory.

The cells have equal width in log odds, from -16 to 16; rarer odds fall into the outermost cells. So scores of about
0.001 are told apart as finely as those of about 0.5: by 0.05 % of the odds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.calibration import BINS, middle_rank_bins
from bstkit.metrics.rows import Labels, Scores

CELLS = 65_536
_LARGEST = 16.0

_EDGES: NDArray[np.float64] = 1 / (1 + np.exp(-np.linspace(-_LARGEST, _LARGEST, CELLS + 1)[1:-1]))
"""Between the cells, as probabilities: comparing those keeps the order of scores, which computed log odds need not."""


class ScoreHistogram:
    """Counts rows by score; takes them in any order.

    Attributes:
        counts: int64 `(CELLS,)`, rows.
        positives: int64 `(CELLS,)`, positive rows.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(CELLS, np.int64)
        self.positives = np.zeros(CELLS, np.int64)
        self._scores = np.zeros(CELLS)

    def add(self, labels: Labels, scores: Scores) -> None:
        """Count some rows."""
        cell = np.searchsorted(_EDGES, scores, side="right")
        self.counts += np.bincount(cell, minlength=CELLS)
        self.positives += np.bincount(cell[labels == 1], minlength=CELLS)
        self._scores += np.bincount(cell, weights=scores, minlength=CELLS)

    def auc(self) -> tuple[float, float] | None:
        """Return the AUC, rows of one cell counting as ties, and how far it may be from the exact one.

        Pairs in different cells are in their right order, so that the error is at most half the share of pairs that
        share a cell. None when a class is missing.
        """
        positive = self.positives.astype(np.float64)
        negative = self.counts - positive
        pairs = positive.sum() * negative.sum()
        if not pairs:
            return None
        wins = positive @ (np.cumsum(negative) - negative / 2)
        return float(wins / pairs), float(positive @ negative / 2 / pairs)

    def ece(self, bins: int = BINS) -> tuple[float, float]:
        """Return the expected calibration error, and how far it may be from the exact one.

        Its bins hold whole cells. Rows can be in another bin than they would be exactly only where their cell
        stands across the edge of a bin, and each such row moves the error by at most 2 / rows.

        Args:
            bins: bins of equal mass.
        """
        filled = self.counts > 0
        counts, rows = self.counts[filled], int(self.counts.sum())
        excess = (self._scores - self.positives)[filled]
        error = np.abs(np.bincount(middle_rank_bins(counts, bins), weights=excess, minlength=bins)).sum() / rows
        end = np.cumsum(counts)
        lowest, highest = (doubled * bins // (2 * rows) for doubled in (2 * (end - counts) + 1, 2 * end - 1))
        return float(error), float(2 * counts[lowest != highest].sum() / rows)
