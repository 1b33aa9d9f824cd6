"""In which order an epoch takes the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW_BATCHES = 50
"""Rows are sorted by history length inside windows of so many batches: short ones share a batch and need no padding."""


class EpochPlan:
    """Which rows each batch of an epoch holds; the epoch in use is kept.

    Args:
        rows: int64 `(rows,)`.
        lengths: int64 `(rows,)`, the length of each row's longest history.
        batch_size: rows a batch; the last one may be smaller.
        seed: of the permutations.
    """

    def __init__(self, rows: NDArray[np.int64], lengths: NDArray[np.int64], batch_size: int, seed: int) -> None:
        self.rows = rows
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self._kept: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        """Permute, sort by length inside each window, cut into batches, and mix the batches of a window."""
        if self._kept[0] == number:
            return self._kept[1]
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.rows))
        made: list[NDArray[np.int64]] = []
        window = self.batch_size * WINDOW_BATCHES
        for first in range(0, len(order), window):
            part = order[first : first + window]
            part = self.rows[part[np.argsort(self.lengths[part], kind="stable")]]
            cut = [part[place : place + self.batch_size] for place in range(0, len(part), self.batch_size)]
            made += [cut[place] for place in rng.permutation(len(cut))]
        self._kept = (number, made)
        return made
