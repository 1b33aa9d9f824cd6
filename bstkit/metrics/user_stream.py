"""GAUC of rows that come sorted by user: exact, with one user's rows in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.gauc import user_aucs
from bstkit.metrics.rows import Labels, Scores, numbered


class SortedUsersGauc:
    """Takes rows whose users never fall, as those of a prepared dataset; keeps those of the last user.

    Attributes:
        covered: users with both classes so far, without the last user.
        one_class: users with one class so far, without the last user.
    """

    def __init__(self) -> None:
        self.covered = 0
        self.one_class = 0
        self._wins = 0.0
        self._rows = 0
        self._open: list[tuple[Labels, Scores]] = []
        self._user: Any = None

    def add(self, labels: Labels, scores: Scores, users: NDArray[Any]) -> None:
        """Take some rows.

        Raises:
            ValueError: a user comes before the one of the row before; nothing is taken.
        """
        falls = np.flatnonzero(users[1:] < users[:-1])
        if len(falls) or (self._open and users[0] < self._user):
            before, after = (users[falls[0]], users[falls[0] + 1]) if len(falls) else (self._user, users[0])
            raise ValueError(f"`users` must never fall from row to row. Received: {after!r} after {before!r}")
        if self._open and users[0] != self._user:
            self._close()
        starts = np.append(0, np.flatnonzero(users[1:] != users[:-1]) + 1)
        last = int(starts[-1])
        if last:
            first = int(starts[1])
            self._open.append((labels[:first], scores[:first]))
            self._close()
            if first < last:
                self._take(labels[first:last], scores[first:last], users[first:last])
        self._open.append((labels[last:].copy(), scores[last:].copy()))
        self._user = users[-1]

    def result(self) -> tuple[float | None, int, int]:
        """Return the GAUC so far, None when no user has both classes, and how many users have both, and one."""
        copy = SortedUsersGauc()
        copy.__dict__ |= {**self.__dict__, "_open": list(self._open)}
        if copy._open:
            copy._close()
        return (copy._wins / copy._rows if copy.covered else None), copy.covered, copy.one_class

    def _close(self) -> None:
        """The last user is over."""
        labels, scores = (np.concatenate(arrays) for arrays in zip(*self._open, strict=True))
        self._open.clear()
        self._take(labels, scores, np.zeros(len(labels), np.int64))

    def _take(self, labels: Labels, scores: Scores, users: NDArray[Any]) -> None:
        """Users whose rows are all there."""
        aucs = user_aucs(labels, scores, numbered(users))
        covered = aucs.covered
        self.covered += int(covered.sum())
        self.one_class += int((~covered).sum())
        self._wins += float((aucs.auc * aucs.rows)[covered].sum())
        self._rows += int(aucs.rows[covered].sum())
