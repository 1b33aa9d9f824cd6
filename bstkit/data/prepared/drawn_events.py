"""Which events were drawn beside each row, in a file: as many slots for every row, most of the time all filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bstkit.data.pieces import pieces
from bstkit.data.sampling.candidate_sampling import Draws


class DrawnEvents:
    """A new file of int64 `(rows, slots)`, in which nothing is drawn yet.

    It holds the number of each event from 1 on, so that what was never written, and takes no room, says nothing.

    Args:
        path: the file.
        rows: rows of the log.
        slots: how many may be drawn beside one row.
    """

    def __init__(self, path: Path, rows: int, slots: int) -> None:
        self._path, self._rows, self._slots = path, rows, slots
        with path.open("wb") as file:
            file.truncate(rows * slots * np.dtype(np.int64).itemsize)

    def put(self, draws: Draws) -> None:
        """Keep what was drawn beside some rows, which stand close together."""
        first, end = int(draws.positive[0]), int(draws.positive[-1]) + 1
        span = self._read(first, end)
        span[draws.positive - first] = draws.event + 1
        with self._path.open("r+b") as file:
            file.seek(first * self._slots * span.itemsize)
            file.write(span.data)

    def pieces(self) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
        """Yield the first row and the end of each piece, and its events `(rows, slots)`; -1 where nothing was drawn."""
        for first, end in pieces(self._rows, self._slots + 1):
            yield first, end, self._read(first, end) - 1

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink()

    def _read(self, first: int, end: int) -> NDArray[np.int64]:
        start = first * self._slots
        numbers = np.fromfile(self._path, np.int64, (end - first) * self._slots, offset=start * 8)
        return numbers.reshape(end - first, self._slots)
