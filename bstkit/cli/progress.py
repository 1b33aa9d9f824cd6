"""Show the stages of a job on standard error: a live bar on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import typer
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from bstkit.cli.console import is_quiet
from bstkit.cli.quiet_import import import_tensorflow
from bstkit.progress import Progress

SILENCE_SECONDS = 10.0
"""Where there is no terminal to draw on, a long stage says how far it is this often."""


@contextmanager
def job() -> Iterator[ShownProgress]:
    """Show a job's progress, unless `-q` was given."""
    with ShownProgress(is_quiet()) as progress:
        yield progress


@contextmanager
def heavy_job() -> Iterator[ShownProgress]:
    """The same for a job that needs TensorFlow; importing it is the first stage."""
    with job() as progress:
        with progress.stage("load libraries"):
            import_tensorflow()
        yield progress


class ShownProgress(Progress):
    """Progress that a person sees.

    Args:
        quiet: show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        super().__init__()
        self._quiet = quiet
        self._bars: _Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._last_line = time.monotonic()
        console = Console(stderr=True)
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            self._bars = _Bars(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[note]}", markup=False),
                TimeElapsedColumn(),
                _Remaining(),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, name: str) -> None:
        """Draw a bar without an end, until the stage says how far it is."""
        if self._bars:
            self._tasks[name] = self._bars.add_task(name, total=None, note="", more=())

    def advance(self, name: str, done: float, note: str) -> None:
        """Move the bar, or now and then write a line."""
        first, *more = note.split("\n")
        if self._bars:
            # What has more to say says it below the bar, whose line may be too short.
            short, below = ("", (first, *more)) if more else (first, ())
            self._bars.update(self._tasks[name], total=1.0, completed=done, note=short, more=below)
        elif time.monotonic() - self._last_line > SILENCE_SECONDS:
            self._line(f"{name}: {first or f'{done:.0%}'}")

    def say(self, name: str, text: str, more: str) -> None:
        """Write a line that stays; `more` of it where no bar says the same."""
        self._line(text if self._bars or not more else f"{text}, {more}")

    def end(self, name: str, seconds: float) -> None:
        """Replace the bar by a line that stays."""
        if self._bars:
            self._bars.remove_task(self._tasks.pop(name))
        self._line(f"{name}: {seconds:.1f} s")

    def _line(self, text: str) -> None:
        self._last_line = time.monotonic()
        if self._bars:
            self._bars.console.print(text, highlight=False, markup=False)
        elif not self._quiet:
            typer.echo(text, err=True)


class _Bars(Bars):
    """Bars, and below them what a stage has to say beyond a few words."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Lines that are too long wrap, so that nothing is cut off."""
        yield from super().get_renderables()
        for task in self.tasks:
            yield from (Padding(Text(line), (0, 0, 0, 2)) for line in task.fields["more"])


class _Remaining(TimeRemainingColumn):
    """The time left, unless the stage says more of it than this column can."""

    def render(self, task: Task) -> Text:
        """Nothing where it does."""
        return Text("") if task.fields["more"] else super().render(task)
