"""How long work reports that it moves, whoever watches: the command line draws it, a notebook may ignore it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

Advance = Callable[[float, str], None]
"""Called as `advance(done, note)`: `done` lies in [0, 1], `note` is a few words."""


class Progress:
    """The stages of one job and the seconds that each took. This one is silent.

    Subclasses override `begin`, `advance` and `end`.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Run one stage; its time is kept even when it fails."""
        start = time.perf_counter()
        self.begin(name)
        try:
            yield partial(self.advance, name)
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.end(name, self.seconds[name])

    def begin(self, name: str) -> None:
        """Told when a stage begins."""

    def advance(self, name: str, done: float, note: str) -> None:
        """Told how far a stage is."""

    def end(self, name: str, seconds: float) -> None:
        """Told when a stage ends, whether or not it succeeded."""


class StagesAsOne(Progress):
    """Tell the stages of a job as one.

    Args:
        told: told how far the whole is.
        shares: stage -> its share of the whole; the last stages may be left out.
    """

    def __init__(self, told: Advance | None, shares: Mapping[str, float]) -> None:
        super().__init__()
        self._told = told or (lambda done, note: None)
        self._shares = shares
        self._before = 0.0

    def begin(self, name: str) -> None:
        """Say which stage it is."""
        self._told(self._before, name)

    def advance(self, name: str, done: float, note: str) -> None:
        """Count what the stages before took."""
        self._told(min(1.0, self._before + self._share(name) * done), note)

    def end(self, name: str, seconds: float) -> None:
        """Count the whole stage."""
        self._before = min(1.0, self._before + self._share(name))
        self._told(self._before, name)

    def _share(self, name: str) -> float:
        return self._shares.get(name, max(0.0, 1.0 - self._before))
