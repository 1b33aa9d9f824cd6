"""In which order an epoch takes the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW_BATCHES = 50
"""Rows are grouped by history length inside windows of so many batches: short ones together need little padding."""

GROUPS = 4
"""Groups of a window. Sorted all the way, batches of one length each train less well: `benchmarks/feeding.py`."""

_MOST_INT32 = np.iinfo(np.int32).max


class EpochPlan:
    """Which rows each batch of an epoch holds.

    An epoch permutes all rows, groups them by length inside each window, cuts a window into batches, and mixes those;
    inside a group the permutation's order stays. It depends on the seed and the epoch's number alone, so that training
    can go on from any batch. Kept are the permutation of the epoch in use, 4 bytes a row, and the rows of one window.

    Args:
        rows: `(rows,)`, row numbers.
        lengths: integers `(rows,)`, the length of each row's longest history. None: no bucketing, batches are cut from
            the permutation as it is.
        batch_size: rows a batch; the last one may be smaller.
        seed: of the permutations.
    """

    def __init__(
        self, rows: NDArray[np.integer], lengths: NDArray[np.integer] | None, batch_size: int, seed: int
    ) -> None:
        self.rows = _narrow(rows)
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        # Replaced as a whole, never changed: two iterators may ask at the same time.
        self._epoch: tuple[int, NDArray[np.integer], NDArray[np.integer]] | None = None
        self._window: tuple[tuple[int, int], NDArray[np.integer]] | None = None

    def batch(self, epoch: int, place: int) -> NDArray[np.int64]:
        """Return the rows of one batch, int64 `(batch,)`.

        Args:
            epoch: number of the epoch.
            place: of the batch in it, from 0.
        """
        order, turns = self._permuted(epoch)
        if self.lengths is None:
            first = place * self.batch_size
            found = self.rows[order[first : first + self.batch_size]]
        else:
            window = self._grouped(self.lengths, order, epoch, place // WINDOW_BATCHES)
            first = int(turns[place]) * self.batch_size
            found = window[first : first + self.batch_size]
        batch: NDArray[np.int64] = found.astype(np.int64)
        return batch

    def _permuted(self, epoch: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """The permutation of an epoch, and which batch of its window stands at each place."""
        kept = self._epoch
        if kept is None or kept[0] != epoch:
            self._epoch = kept = None  # the old permutation makes room for the new one
            rng = np.random.default_rng((self.seed, epoch))
            order = np.arange(len(self.rows), dtype=self.rows.dtype)
            rng.shuffle(order)
            batches = -(-len(order) // self.batch_size)
            turns = np.zeros(0 if self.lengths is None else batches, np.int8)
            for first in range(0, len(turns), WINDOW_BATCHES):
                turns[first : first + WINDOW_BATCHES] = rng.permutation(min(WINDOW_BATCHES, batches - first))
            self._epoch = kept = (epoch, order, turns)
        return kept[1:]

    def _grouped(
        self, lengths: NDArray[np.integer], order: NDArray[np.integer], epoch: int, window: int
    ) -> NDArray[np.integer]:
        """The rows of a window, those of the shortest histories first."""
        kept = self._window
        if kept is None or kept[0] != (epoch, window):
            size = self.batch_size * WINDOW_BATCHES
            part = order[window * size : (window + 1) * size]
            batch = np.empty(len(part), np.int64)  # where each row would stand if all were sorted
            batch[np.argsort(lengths[part], kind="stable")] = np.arange(len(part)) // self.batch_size
            group = batch * GROUPS // -(-len(part) // self.batch_size)
            self._window = kept = ((epoch, window), self.rows[part[np.argsort(group, kind="stable")]])
        return kept[1]


def _narrow(rows: NDArray[np.integer]) -> NDArray[np.integer]:
    """Row numbers in 4 bytes where they fit."""
    return rows.astype(np.int32, copy=False) if rows.max(initial=0) <= _MOST_INT32 else rows
