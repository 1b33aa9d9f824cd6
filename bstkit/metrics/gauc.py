"""GAUC: the mean of the users' own AUCs, weighted by their rows.

Reference:
    Zhou et al., 2018, arXiv:1706.06978, equation 6, weighted by impressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bstkit.metrics.rows import Labels, Scores


@dataclass(frozen=True)
class UserAucs:
    """The AUC of every user, Mann-Whitney's statistic of the ranks inside the user.

    Args:
        auc: float64 `(users,)`, NaN where a user has one class only.
        rows: int64 `(users,)`.
    """

    auc: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which users have both classes."""
        return ~np.isnan(self.auc)

    def mean(self) -> float | None:
        """Return the GAUC; None when no user has both classes."""
        covered = self.covered
        return float(np.average(self.auc[covered], weights=self.rows[covered])) if covered.any() else None


def user_aucs(labels: Labels, scores: Scores, user: NDArray[np.int64]) -> UserAucs:
    """Compute each user's AUC; tied scores share their mean rank.

    Args:
        labels: `(rows,)`, 0 or 1.
        scores: `(rows,)`.
        user: `(rows,)`, numbered from 0 without gaps.
    """
    order = np.lexsort((scores, user))
    user, score, positive = user[order], scores[order], labels[order].astype(np.float64)
    place = np.arange(len(user))
    new_user = np.append(True, user[1:] != user[:-1])
    new_value = new_user | np.append(True, score[1:] != score[:-1])
    tie = np.cumsum(new_value) - 1
    tie_first = np.flatnonzero(new_value)
    tie_last = np.append(tie_first[1:], len(user)) - 1
    rank = (tie_first + tie_last)[tie] / 2 - place[new_user][user] + 1
    rows = np.bincount(user)
    clicked = np.bincount(user, weights=positive)
    pairs = clicked * (rows - clicked)
    wins = np.bincount(user, weights=rank * positive) - clicked * (clicked + 1) / 2
    auc = np.divide(wins, pairs, out=np.full(len(rows), np.nan), where=pairs > 0)
    return UserAucs(auc, rows)
