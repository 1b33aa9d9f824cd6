"""How long work reports that it moves, whoever watches: the command line draws it, a notebook may ignore it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

Advance = Callable[[float, str], None]
"""Called as `advance(done, note)`: `done` lies in [0, 1], `note` is a few words; further lines of it say more to who
has the room to show them."""


@dataclass(frozen=True)
class Stage:
    """What one stage of a job tells its watcher by: an `Advance` that can also say something for good.

    Args:
        progress: the watcher.
        name: of the stage.
    """

    progress: Progress
    name: str

    def __call__(self, done: float, note: str) -> None:
        """Tell how far the stage is."""
        self.progress.advance(self.name, done, note)

    def say(self, text: str, more: str = "") -> None:
        """Tell what is to stay readable, such as what an epoch came to.

        Args:
            text: a line.
            more: what else there is to say on it, which a live display shows by itself.
        """
        self.progress.say(self.name, text, more)


class Progress:
    """The stages of one job and the seconds that each took. This one is silent.

    Subclasses override `begin`, `advance`, `say` and `end`.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Run one stage; its time is kept even when it fails."""
        start = time.perf_counter()
        self.begin(name)
        try:
            yield Stage(self, name)
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.end(name, self.seconds[name])

    def begin(self, name: str) -> None:
        """Told when a stage begins."""

    def advance(self, name: str, done: float, note: str) -> None:
        """Told how far a stage is."""

    def say(self, name: str, text: str, more: str) -> None:
        """Told a line that is to stay."""

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
