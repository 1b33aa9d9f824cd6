"""What may be drawn beside a positive: the events of some rows, in the order of time."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray


class CandidatePool:
    """Events in the order of time, so that those before a moment are the first so many.

    Args:
        time: float64 `(rows,)`.
        candidate: int `(rows,)`, codes from 0; -1 where there is none.
        among: int64, the rows whose events may be drawn, rising; those without a candidate never are.
        by: `"uniform"` keeps the first event of each candidate, so that all of them have the same chance.
            `"popularity"` keeps every event: a candidate's chance at a moment is the number of its events until then.
    """

    def __init__(
        self,
        time: NDArray[np.float64],
        candidate: NDArray[np.integer],
        among: NDArray[np.int64],
        by: Literal["uniform", "popularity"],
    ) -> None:
        among = among[candidate[among] >= 0]
        order = among[np.argsort(time[among], kind="stable")]
        earliest = np.full(int(candidate.max(initial=-1)) + 2, -1, np.int64)  # the last place is nobody's: code -1
        earliest[candidate[order[::-1]]] = order[::-1]  # the last assignment stays, which is the earliest event
        present = earliest >= 0
        self.opened = np.where(present, time[earliest], np.inf)
        """float64 `(candidates + 1,)`: when each candidate's first event was; infinity without one, and for code -1."""
        self._openings = np.sort(self.opened[present])
        if by == "uniform":
            first = earliest[present]
            order = first[np.argsort(time[first], kind="stable")]
        # Half the memory wherever row numbers are small enough.
        self._events = order.astype(np.int32 if len(time) <= np.iinfo(np.int32).max else np.int64, copy=False)
        self._times = time[order]

    def before(self, time: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the chances before some moments, those at the moment itself left out."""
        return np.searchsorted(self._times, time, side="left").astype(np.int64, copy=False)

    def candidates_before(self, time: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the different candidates before some moments."""
        return np.searchsorted(self._openings, time, side="left").astype(np.int64, copy=False)

    def event(self, chance: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the events (row numbers) that some chances stand for; `chance` is below what `before` returned."""
        return self._events[chance].astype(np.int64, copy=False)
