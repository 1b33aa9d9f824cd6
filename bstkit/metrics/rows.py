"""The rows that metrics are computed of, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]
Users = NDArray[Any]


def checked_rows(labels: NDArray[Any], scores: NDArray[Any], users: NDArray[Any]) -> tuple[Labels, Scores, Users]:
    """Return labels as int64, scores as float64, and users, each `(rows,)`.

    Raises:
        ValueError: the arrays differ in length or are empty, a label is not 0 or 1, or a score is not a probability.
    """
    labels, scores, users = (np.asarray(array).reshape(-1) for array in (labels, scores, users))
    if not len(labels) == len(scores) == len(users) > 0:
        raise ValueError(
            f"`labels`, `scores` and `users` must be equally long, at least 1. "
            f"Received: {len(labels)}, {len(scores)} and {len(users)} rows"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"`labels` must be 0 or 1. Received: values={np.unique(labels)[:5].tolist()}")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(f"`scores` must lie in [0, 1]. Received: range=[{scores.min()}, {scores.max()}]")
    return labels.astype(np.int64), scores.astype(np.float64), users


def numbered(users: Users) -> NDArray[np.int64]:
    """Number users from 0 without gaps, in sorted order."""
    number: NDArray[np.int64] = np.unique(users, return_inverse=True)[1].reshape(-1)
    return number
