"""Which candidates a user was seen with before a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class SeenCandidates:
    """Pairs of user and candidate, with the first row of each. Takes at most 13 bytes a row (17 past 2^31 rows).

    Args:
        user: int `(rows,)`, rising.
        time: float64 `(rows,)`, rising inside each user.
        candidate: int `(rows,)`, codes from 0; -1 where there is none.
    """

    def __init__(self, user: NDArray[np.integer], time: NDArray[np.float64], candidate: NDArray[np.integer]) -> None:
        self._user, self._time, self._candidate = user, time, candidate
        self._codes = int(candidate.max(initial=-1)) + 2
        pairs = self._pair(user, candidate)
        order = np.argsort(pairs, kind="stable")  # stable: the first row of a pair comes first
        pairs = pairs[order]
        new = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
        self._pairs = pairs[new]
        self._rows = order[new].astype(np.int32 if len(user) <= np.iinfo(np.int32).max else np.int64, copy=False)
        self._is_first = np.zeros(len(user), bool)
        self._is_first[self._rows] = True
        self._is_first &= candidate >= 0

    def _pair(self, user: NDArray[np.integer], candidate: NDArray[np.integer]) -> NDArray[np.int64]:
        """Number the pairs, those without a candidate too."""
        number = user.astype(np.int64)
        number *= self._codes
        number += candidate
        number += 1
        return number

    def before(self, row: NDArray[np.int64], candidate: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Say whether each row's user was seen with a candidate in an earlier row."""
        pair = self._pair(self._user[row], candidate)
        place = np.searchsorted(self._pairs, pair)
        place = np.minimum(place, len(self._pairs) - 1)
        found: NDArray[np.bool_] = (self._pairs[place] == pair) & (self._rows[place] < row)
        return found

    def count(self, rows: NDArray[np.int64], opened: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the candidates of each row's user in earlier rows that were open before the row's time.

        Args:
            rows: rising. All rows between the first one's user and the last one are looked at.
            opened: float64 `(candidates,)`, a time for each candidate, not after any event in question.
        """
        if not len(rows):
            return np.zeros(0, np.int64)
        start = int(np.searchsorted(self._user, self._user[rows[0]]))
        span = slice(start, int(rows[-1]) + 1)
        user, time, first = self._user[span], self._time[span], self._is_first[span]
        new_user = np.append(True, user[1:] != user[:-1])
        new_moment = new_user | np.append(True, time[1:] != time[:-1])
        # A candidate that opens at the very moment is not yet open, although an earlier row of that moment has it.
        opening = first & (opened[self._candidate[span]] >= time)
        place = rows - start
        return _so_far(first, new_user)[place] - _so_far(opening, new_moment)[place]


def _so_far(flag: NDArray[np.bool_], new: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the flags before each place, from the last place that is `new` on."""
    before: NDArray[np.int64] = np.cumsum(flag) - flag
    since = np.maximum.accumulate(np.where(new, np.arange(len(flag)), 0))
    count: NDArray[np.int64] = before - before[since]
    return count
