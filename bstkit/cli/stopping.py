"""A training that somebody stops: where its run will lie, and the command that goes on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from bstkit.errors import TrainingInterrupted


class Stopped(Exception):
    """A `TrainingInterrupted` on its way past Typer, which would end the program without a word.

    Args:
        cause: what was raised.
        run: the run folder.
    """

    def __init__(self, cause: TrainingInterrupted, run: Path) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.run = run

    def command(self, arguments: Sequence[str]) -> str:
        """The command line that goes on, from the one that was stopped."""
        given = list(arguments)
        if not any(one == "--out" or one.startswith("--out=") for one in given):
            given += ["--out", str(self.run)]
        return shlex.join(["bstkit", *given, *([] if "--resume" in given else ["--resume"])])


@contextmanager
def told_how_to_go_on(run: Path) -> Iterator[None]:
    """Let the program's end say how a stopped training goes on."""
    try:
        yield
    except TrainingInterrupted as error:
        raise Stopped(error, run) from error
    except KeyboardInterrupt as error:
        from bstkit.training.endurance.checkpoint_folder import beside

        checkpoints = beside(run)
        if checkpoints.newest is None:
            raise
        message = f"stopped at once; {checkpoints.folder} holds the last checkpoint"
        raise Stopped(TrainingInterrupted(message, "", 130), run) from error


def check_resumable(resume: bool, out: Path | None) -> None:
    """Refuse `--resume` without `--out`, or without the components of what is there.

    Raises:
        BadParameter: nothing says which run shall go on.
        RunError: what is there is damaged.
        PluginError: components of it are missing; all are listed, with what to install.
    """
    if not resume:
        return
    if out is None:
        raise typer.BadParameter("--resume goes on with the run that --out names, and there is no --out")
    from bstkit.training.endurance import supplied

    supplied.check_resumable(out)
