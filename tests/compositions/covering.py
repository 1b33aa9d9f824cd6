"""A covering array: few rows in which every pair of levels of two factors stands together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Row = tuple[str, ...]


def covering_array(factors: Mapping[str, Sequence[str]], allowed: Callable[[Row], bool]) -> list[Row]:
    """Choose rows of the full product, each time the first of those that add most pairs.

    A pair that stands in an allowed row is covered by an allowed one; the pairs that only other rows have come last.

    Args:
        factors: factor -> its levels.
        allowed: whether a row is expected to work.

    Returns:
        Rows in the order in which they were chosen; the same for the same arguments.
    """
    rows = list(itertools.product(*factors.values()))
    pairs, count = _pair_numbers(factors)
    is_allowed = np.array([allowed(row) for row in rows])
    covered = np.zeros(count, bool)
    chosen: list[Row] = []
    for group in (np.flatnonzero(is_allowed), np.flatnonzero(~is_allowed)):
        while group.size:
            gains = (~covered[pairs[group]]).sum(axis=1)
            best = int(gains.argmax())
            if not gains[best]:
                break
            covered[pairs[group[best]]] = True
            chosen.append(rows[group[best]])
    return chosen


def _pair_numbers(factors: Mapping[str, Sequence[str]]) -> tuple[np.ndarray, int]:
    """Number each pair of levels; return the numbers of each row's pairs `(rows, pairs)`, and how many there are."""
    sizes = [len(levels) for levels in factors.values()]
    levels = np.indices(sizes).reshape(len(sizes), -1)
    columns, count = [], 0
    for first, second in itertools.combinations(range(len(sizes)), 2):
        columns.append(count + levels[first] * sizes[second] + levels[second])
        count += sizes[first] * sizes[second]
    return np.stack(columns, axis=1), count
