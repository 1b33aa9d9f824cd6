"""Which rows of several id columns are alike: each different one gets a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bstkit.data.pieces import pieces, read_piece

_MERGED_KEYS = 2**22
"""Different keys of pieces that are gathered before they are merged, unless more are known already."""

Columns = Sequence[NDArray[np.int32]]


class Combinations:
    """The different rows of some id columns, numbered from 0 in their order, the first column leading.

    Columns are taken one after the other: the number of the columns so far and the next id make a key, and a row's new
    number is the key's place among all keys. Numbers stay below the count of rows, so that no key overflows.

    Args:
        groups: columns in one order, several times; equally long within a group.
    """

    def __init__(self, groups: Sequence[Columns]) -> None:
        self._steps: list[tuple[int, NDArray[np.int64]]] = []  # ids below it, keys
        for place in range(len(groups[0])):
            base = 1 + max(int(group[place].max(initial=0)) for group in groups)
            keys = _distinct(key for group in groups for key in self._keys(group, place, base))
            self._steps.append((base, keys))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._steps[-1][1])

    def numbers(self, columns: Columns) -> NDArray[np.int32]:
        """Number rows; each must be known.

        Args:
            columns: in the order of the groups; int32 `(rows,)`.

        Returns:
            int32 `(rows,)`.
        """
        found = np.empty(len(columns[0]), np.int32)
        for first, end in pieces(len(found)):
            found[first:end] = self._numbered([read_piece(column, first, end) for column in columns], end - first)
        return found

    def columns(self) -> list[NDArray[np.int32]]:
        """The ids of each combination, by column; int32 `(combinations,)`."""
        number = np.arange(self.count)
        found = []
        for base, keys in reversed(self._steps):
            number, ids = np.divmod(keys[number], base)
            found.append(ids.astype(np.int32))
        return found[::-1]

    def _keys(self, columns: Columns, place: int, base: int) -> Iterator[NDArray[np.int64]]:
        """The keys of one column, piece by piece, after those before it were numbered."""
        for first, end in pieces(len(columns[0])):
            part = [read_piece(column, first, end) for column in columns[: place + 1]]
            yield self._numbered(part[:-1], end - first) * base + part[-1]

    def _numbered(self, columns: Columns, rows: int) -> NDArray[np.int64]:
        """Number the rows of one piece by as many columns as are given."""
        number = np.zeros(rows, np.int64)
        for column, (base, keys) in zip(columns, self._steps, strict=False):
            number = np.searchsorted(keys, number * base + column)
        return number


def _distinct(parts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The different keys of all parts, sorted."""
    known, waiting, count = np.zeros(0, np.int64), [], 0
    for part in parts:
        waiting.append(np.unique(part))
        count += len(waiting[-1])
        if count > max(_MERGED_KEYS, len(known)):
            known, waiting, count = np.unique(np.concatenate([known, *waiting])), [], 0
    return np.unique(np.concatenate([known, *waiting]))
