"""The embedded click log: made from a seed, with users whose taste drifts, so that the order of behaviours matters.

Every user likes a handful of categories but is after one of them at a time, and turns to another every few events. The
last clicks tell which one it is now; the average of all clicks only tells the handful.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START_SECONDS = 1_700_000_000
GENDERS = np.array(["F", "M"])
AGES = np.array(["18-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-64", "65+"])


@dataclass(frozen=True)
class Sizes:
    """How big the log is and how its users behave.

    Args:
        users: number of users.
        items: number of items.
        categories: number of categories; each item has one.
        liked: categories that a user returns to.
        min_events, max_events: bounds of a user's number of events; few users come near the upper one.
        switch: probability that a user turns to another liked category before an event.
        match: how much the current category raises the log odds of a click.
        appeal: standard deviation of the items' own log odds, which popularity can learn.
    """

    users: int = 1_600
    items: int = 2_000
    categories: int = 24
    themes: int = 4
    eager: float = 0.7
    shown_now: float = 0.3
    median_events: float = 40.0
    spread: float = 0.4
    min_events: int = 5
    max_events: int = 120
    switch: float = 0.1
    match: float = 2.5
    base: float = -2.5
    appeal: float = 0.6


def click_log(seed: int = 0, sizes: Sizes | None = None) -> dict[str, NDArray[np.generic]]:
    """Make the log, a column a name, rows in the order of time.

    Args:
        seed: the same seed gives the same log.
        sizes: defaults to `Sizes()`.

    Returns:
        `user_id` (text), `item_id` (int64), `cate_id`, `gender`, `age` (text), `timestamp` (int64, seconds), `click`
        (int64).
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
        "cate_id": np.char.add("c", np.char.zfill(catalogue.category[item].astype(str), 2)),
        "gender": GENDERS[people.gender[user]],
        "age": AGES[people.age[user]],
        "timestamp": events["timestamp"][order],
        "click": events["click"][order],
    }


class _Catalogue:
    """Items: their keys, categories, appeal, and how often each is shown."""

    def __init__(self, rng: np.random.Generator, sizes: Sizes) -> None:
        self.keys = rng.permutation(np.arange(100_000, 100_000 + 7 * sizes.items, 7))
        self.category = np.sort(
            np.concatenate(
                [np.arange(sizes.categories), rng.integers(sizes.categories, size=sizes.items - sizes.categories)]
            )
        )
        self.appeal = rng.normal(0.0, sizes.appeal, sizes.items)
        shown = 1.0 / (1.0 + rng.permutation(sizes.items)) ** 0.6
        self.first = np.searchsorted(self.category, np.arange(sizes.categories + 1))
        self.cumulative = np.concatenate([[0.0], np.cumsum(shown)])

    def draw(self, rng: np.random.Generator, category: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw an item of each given category, often-shown ones more often."""
        low, high = self.cumulative[self.first[category]], self.cumulative[self.first[category + 1]]
        drawn = np.searchsorted(self.cumulative, rng.uniform(low, high), side="right") - 1
        return np.clip(drawn, self.first[category], self.first[category + 1] - 1)


class _People:
    """Users: who they are and how many events they have."""

    def __init__(self, rng: np.random.Generator, sizes: Sizes) -> None:
        self.gender = rng.integers(len(GENDERS), size=sizes.users)
        self.age = rng.integers(len(AGES), size=sizes.users)
        events = rng.lognormal(np.log(sizes.median_events), sizes.spread, sizes.users)
        self.events = np.clip(events, sizes.min_events, sizes.max_events).astype(np.int64)


def _impressions(
    rng: np.random.Generator, sizes: Sizes, catalogue: _Catalogue, people: _People
) -> dict[str, NDArray[np.int64]]:
    """Let time pass for all users at once: one impression each a step, until each has had its number of events."""
    theme_of = np.arange(sizes.categories) % sizes.themes
    eager = np.linspace(-sizes.eager, sizes.eager, sizes.themes)
    now = rng.integers(sizes.themes, size=sizes.users)
    clock = START_SECONDS + rng.integers(30 * 86_400, size=sizes.users)
    steps: list[tuple[NDArray[np.int64], ...]] = []
    for step in range(int(people.events.max())):
        user = np.flatnonzero(people.events > step)
        turning = user[rng.random(len(user)) < sizes.switch]
        now[turning] = rng.integers(sizes.themes, size=len(turning))
        theme = np.where(rng.random(len(user)) < sizes.shown_now, now[user], rng.integers(sizes.themes, size=len(user)))
        category = theme + sizes.themes * rng.integers(sizes.categories // sizes.themes, size=len(user))
        item = catalogue.draw(rng, category)
        odds = sizes.match * (theme_of[category] == now[user]) + catalogue.appeal[item] + sizes.base + eager[now[user]]
        click = rng.random(len(user)) < 1.0 / (1.0 + np.exp(-odds))
        # A session's events are seconds apart, sometimes within one second; sessions are hours apart.
        in_session = rng.random(len(user)) < 0.8
        gap = np.where(in_session, rng.integers(40, size=len(user)), rng.integers(3_600, 4 * 86_400, size=len(user)))
        clock[user] += gap
        steps.append((user, item, clock[user], click.astype(np.int64)))
    columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
    return dict(zip(("user", "item", "timestamp", "click"), columns, strict=True))
