"""The embedded click log: made from a seed, with users whose taste drifts, so that the order of behaviours matters.

Items stand on a few shelves. A user is after one shelf at a time and turns to another every few events. The last clicks
tell which shelf it is now; the average over all clicks only tells which ones it has been. An item's own appeal and the
user's age matter too, but less. Nothing here is real.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START_SECONDS = 1_700_000_000
SHELVES = ("books", "games", "tools")
GENDERS = np.array(["F", "M"])
AGES = np.array(["18-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-64", "65+"])
DAY = 86_400


@dataclass(frozen=True)
class Sizes:
    """How big the log is and how its users behave.

    Args:
        users: number of users.
        items: number of items, at least one a category.
        categories: number of categories, a multiple of the number of shelves.
        median_events: median of the users' numbers of events, which are log-normal.
        min_events, max_events: bounds of those numbers.
        turn: probability that a user turns to a shelf drawn anew before an event.
        aimed: probability that what is shown comes from the shelf the user is after; otherwise from any shelf.
        base: log odds of a click on an item of the wrong shelf.
        match: log odds that the right shelf adds.
        eager: users after the last shelf are more eager to click than users after the first, by twice so much.
        appeal: standard deviation of the items' own log odds, which popularity can learn.
        ripe: the oldest are more eager to click than the youngest, by twice so much.
    """

    users: int = 1_000
    items: int = 2_000
    categories: int = 24
    median_events: float = 40.0
    min_events: int = 5
    max_events: int = 120
    turn: float = 0.1
    aimed: float = 0.3
    base: float = -3.0
    match: float = 4.0
    eager: float = 0.7
    appeal: float = 0.7
    ripe: float = 0.3


def click_log(seed: int = 0, sizes: Sizes | None = None) -> dict[str, NDArray[np.generic]]:
    """Make the log, one array a column, rows in the order of time.

    Args:
        seed: the same seed gives the same log.
        sizes: defaults to `Sizes()`.

    Returns:
        `user_id`, `cate_id`, `gender`, `age` (text), `item_id`, `timestamp` (seconds) and `click` (int64).
    """
    sizes = sizes or Sizes()
    rng = np.random.default_rng(seed)
    catalogue = _Catalogue(rng, sizes)
    people = _People(rng, sizes)
    events = _impressions(rng, sizes, catalogue, people)
    order = np.lexsort((events["user"], events["timestamp"]))
    user, item = events["user"][order], events["item"][order]
    return {
        "user_id": np.char.add("u", np.char.zfill(user.astype(str), 5)),
        "item_id": catalogue.keys[item],
        "cate_id": catalogue.category_keys[catalogue.category[item]],
        "gender": GENDERS[people.gender[user]],
        "age": AGES[people.age[user]],
        "timestamp": events["timestamp"][order],
        "click": events["click"][order],
    }


class _Catalogue:
    """Items: their keys, categories and appeal, and how often each is shown. Category c stands on shelf c % 3."""

    def __init__(self, rng: np.random.Generator, sizes: Sizes) -> None:
        number = np.arange(sizes.categories)
        self.category_keys = np.array([f"{SHELVES[c % len(SHELVES)]}-{c // len(SHELVES) + 1}" for c in number])
        self.keys = rng.permutation(np.arange(100_000, 100_000 + 7 * sizes.items, 7))
        others = rng.integers(sizes.categories, size=sizes.items - sizes.categories)
        self.category = np.sort(np.concatenate([number, others]))
        self.appeal = rng.normal(0.0, sizes.appeal, sizes.items)
        shown = 1.0 / (1.0 + rng.permutation(sizes.items)) ** 0.6
        self._first = np.searchsorted(self.category, np.arange(sizes.categories + 1))
        self._cumulative = np.concatenate([[0.0], np.cumsum(shown)])

    def draw(self, rng: np.random.Generator, category: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw an item of each given category, often-shown ones more often."""
        first, end = self._first[category], self._first[category + 1]
        drawn = np.searchsorted(
            self._cumulative, rng.uniform(self._cumulative[first], self._cumulative[end]), side="right"
        )
        return np.clip(drawn - 1, first, end - 1)


class _People:
    """Users: who they are and how many events they have."""

    def __init__(self, rng: np.random.Generator, sizes: Sizes) -> None:
        self.gender = rng.integers(len(GENDERS), size=sizes.users)
        self.age = rng.integers(len(AGES), size=sizes.users)
        events = rng.lognormal(np.log(sizes.median_events), 0.7, sizes.users)
        self.events = np.clip(events, sizes.min_events, sizes.max_events).astype(np.int64)


def _impressions(
    rng: np.random.Generator, sizes: Sizes, catalogue: _Catalogue, people: _People
) -> dict[str, NDArray[np.int64]]:
    """Let time pass for all users at once, one impression each a step, until each has had its number of events."""
    shelves = len(SHELVES)
    eager = np.linspace(-sizes.eager, sizes.eager, shelves)
    ripe = np.linspace(-sizes.ripe, sizes.ripe, len(AGES))
    after = rng.integers(shelves, size=sizes.users)
    clock = START_SECONDS + rng.integers(30 * DAY, size=sizes.users)
    steps: list[tuple[NDArray[np.int64], ...]] = []
    for step in range(int(people.events.max())):
        user = np.flatnonzero(people.events > step)
        turning = user[rng.random(len(user)) < sizes.turn]
        after[turning] = rng.integers(shelves, size=len(turning))
        aimed = rng.random(len(user)) < sizes.aimed
        shelf = np.where(aimed, after[user], rng.integers(shelves, size=len(user)))
        category = shelf + shelves * rng.integers(sizes.categories // shelves, size=len(user))
        item = catalogue.draw(rng, category)
        odds = sizes.base + sizes.match * (shelf == after[user]) + catalogue.appeal[item]
        odds += eager[after[user]] + ripe[people.age[user]]
        click = rng.random(len(user)) < 1.0 / (1.0 + np.exp(-odds))
        # A session's events are seconds apart, some within one second; sessions are hours or days apart.
        in_session = rng.random(len(user)) < 0.8
        pause = rng.integers(3_600, 4 * DAY, size=len(user))
        clock[user] += np.where(in_session, rng.integers(40, size=len(user)), pause)
        steps.append((user, item, clock[user], click.astype(np.int64)))
    columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
    return dict(zip(("user", "item", "timestamp", "click"), columns, strict=True))
