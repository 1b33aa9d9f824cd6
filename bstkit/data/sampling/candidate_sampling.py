"""Candidates that a user was not seen with, drawn beside each positive of a log that holds interactions only.

What is drawn is an *event*, whose target columns are copied together, so that an item keeps its own category. For a
positive of user u at time t in split s it is drawn among the events that

* happened strictly before t, and are of split s or an earlier one: neither the future nor validation or test rows reach
  a training row;
* are not of the positive's own candidate, nor of one that u had in an earlier row: what u did later is unknown then and
  does not matter.

`"uniform"` draws among the different candidates of these events, all of one positive different; such a candidate's
first event speaks for it. `"popularity"` draws among the events themselves, each time anew, so that a candidate is
expected in proportion to its events until t and may come twice. Draws that break the last rule are drawn again, at most
`MAX_DRAWS` times; a slot that has found nothing by then stays empty, and so do those for which nothing is left: a
positive may have fewer negatives, the first one of a log has none.

Where users come back to what they had, a candidate out of the history is a positive for certain, since such negatives
are never drawn: metrics on sampled negatives then flatter a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Sampling
from bstkit.data.sampling.candidate_pool import CandidatePool
from bstkit.data.sampling.seen_candidates import SeenCandidates

MAX_DRAWS = 32
"""Where half of the chances are ruled out, one slot in 4e9 stays empty; where nine of ten are, one in 30."""

BLOCK_SLOTS = 2**19
"""Slots that are filled together, of the positives in a block of rows; each block has a generator of its own."""


@dataclass(frozen=True)
class Draws:
    """What was drawn beside some positives of one split.

    Args:
        positive: int64 `(positives,)`, their rows.
        event: int64 `(positives, negatives_per_positive)`, rows of the drawn events; -1 where nothing was drawn.
        eligible: int64 `(positives,)`, the different candidates that could have been drawn.
    """

    positive: NDArray[np.int64]
    event: NDArray[np.int64]
    eligible: NDArray[np.int64]

    @property
    def count(self) -> NDArray[np.int64]:
        """How many were drawn beside each positive, int64 `(positives,)`."""
        count: NDArray[np.int64] = np.sum(self.event >= 0, axis=1, dtype=np.int64)
        return count


@dataclass(frozen=True)
class Events:
    """The columns of a log that sampling looks at, in the order (user, time, row).

    Args:
        user: int `(rows,)`, rising.
        time: float64 `(rows,)`.
        candidate: int `(rows,)`, codes of the first target column, from 0; -1 where there is none.
        positive: bool `(rows,)`.
        split: int8 `(rows,)`, rising inside each user.
    """

    user: NDArray[np.integer]
    time: NDArray[np.float64]
    candidate: NDArray[np.integer]
    positive: NDArray[np.bool_]
    split: NDArray[np.int8]


def sample_candidates(events: Events, settings: Sampling) -> Iterator[Draws]:
    """Draw beside every positive.

    Takes about 25 bytes a row of memory besides the columns, which may be memory-mapped. The draws depend on the log
    and the settings alone.

    Yields:
        Draws of one block of rows, split by split, in the order of rows; blocks without a positive are left out.
    """
    if not len(events.user):
        return
    block_rows = max(1, BLOCK_SLOTS // settings.negatives_per_positive)
    seen = SeenCandidates(events.user, events.time, events.candidate)
    for split in np.unique(events.split):
        among = np.flatnonzero(events.split <= split)
        pool = CandidatePool(events.time, events.candidate, among, settings.by)
        for block, start in enumerate(range(0, len(events.user), block_rows)):
            rows = slice(start, start + block_rows)
            positives = start + np.flatnonzero(events.positive[rows] & (events.split[rows] == split))
            if len(positives):
                rng = np.random.default_rng((settings.seed, int(split), block))
                yield _draw(events, settings, pool, seen, positives, rng)


def _draw(
    events: Events,
    settings: Sampling,
    pool: CandidatePool,
    seen: SeenCandidates,
    positives: NDArray[np.int64],
    rng: np.random.Generator,
) -> Draws:
    """Draw for all empty slots until none is left that could be filled, or patience ends."""
    time, own = events.time[positives], events.candidate[positives]
    unseen = (pool.opened[own] < time) & ~seen.before(positives, own)
    eligible = pool.candidates_before(time) - seen.count(positives, pool.opened) - unseen
    slots = np.arange(settings.negatives_per_positive)
    # Every slot can be filled while anything is left; different candidates run out.
    fillable = slots < (eligible if settings.by == "uniform" else eligible * len(slots))[:, None]
    chances = pool.before(time)
    drawn = np.full(fillable.shape, -1, np.int64)
    for _ in range(MAX_DRAWS):
        place, slot = np.nonzero(fillable & (drawn < 0))
        if not len(place):
            break
        event = pool.event(rng.integers(chances[place]))
        candidate = events.candidate[event]
        good = (candidate != own[place]) & ~seen.before(positives[place], candidate)
        drawn[place[good], slot[good]] = event[good]
        if settings.by == "uniform":
            filled = np.unique(place[good])
            drawn[filled] = _different(drawn[filled])
    return Draws(positives, drawn, eligible)


def _different(event: NDArray[np.int64]) -> NDArray[np.int64]:
    """Empty the slots that repeat another one of their positive; a candidate is one event, its first."""
    order = np.argsort(event, axis=1, kind="stable")
    ordered = np.take_along_axis(event, order, axis=1)
    repeats = np.zeros(event.shape, bool)
    np.put_along_axis(repeats, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return np.where(repeats, -1, event)
