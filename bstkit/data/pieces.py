"""Long arrays, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIECE_ROWS = 2**20
"""Rows that are worked on together."""


def pieces(rows: int, values_a_row: int = 1) -> Iterator[tuple[int, int]]:
    """Yield the first row and the end of each piece; where a row has many values, pieces have fewer rows."""
    size = max(1, PIECE_ROWS // values_a_row)
    for first in range(0, rows, size):
        yield first, min(first + size, rows)


def read_piece(array: NDArray[Any], first: int, end: int) -> NDArray[Any]:
    """Return rows `first` to `end - 1`.

    Of a mapped file they are read: its pages, once touched, would count as memory of the process.
    """
    if not isinstance(array, np.memmap) or array.filename is None:
        return array[first:end]
    return np.fromfile(array.filename, array.dtype, end - first, offset=array.offset + first * array.itemsize)
