"""Where the checkpoints of a run lie while it is not finished: `runs/mine.checkpoint` beside `runs/mine`.

The newest is kept. It appears whole, and the one before goes only then: whenever a process dies, one is whole.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bstkit.errors import RunError
from bstkit.staging import new_folder

_NAME = re.compile(r"step-(\d{8,})")


class CheckpointFolder:
    """The checkpoints of one run.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def newest(self) -> Path | None:
        """The checkpoint of the latest step; None where there is none."""
        found = self._all()
        return found[-1] if found else None

    def add(self, step: int, write: Callable[[Path], None]) -> Path:
        """Write a checkpoint, then remove those before it.

        Args:
            step: steps done.
            write: writes its files into a folder.

        Raises:
            RunError: the disk is full, or its place cannot be written to; those before it stay.
        """
        target = self.folder / f"step-{step:08d}"
        before = self._all()
        if target not in before:
            try:
                with new_folder(target) as staging:
                    write(staging)
            except RunError as error:
                kept = f"the checkpoint {before[-1].name} before it is whole" if before else "there is none before it"
                raise RunError(f"{error.message}; {kept}", "make room, then the same command with --resume") from error
        for one in before:
            if one != target:
                shutil.rmtree(one, ignore_errors=True)
        return target

    def remove(self) -> None:
        """Remove them all: the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _all(self) -> list[Path]:
        found = {int(match[1]): path for path in self.folder.glob("step-*") if (match := _NAME.fullmatch(path.name))}
        return [found[step] for step in sorted(found)]


def beside(run: Path) -> CheckpointFolder:
    """The checkpoints of a run folder, whether or not there are any."""
    return CheckpointFolder(run.with_name(f"{run.name}.checkpoint"))


@contextmanager
def held(checkpoints: CheckpointFolder) -> Iterator[None]:
    """Make the folder and keep other trainings out; an empty one is gone afterwards.

    Raises:
        RunError: another process trains into it, or it cannot be made.
    """
    folder = checkpoints.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror}", "choose another place with --out") from error
    lock = _lock(folder)
    try:
        for left in folder.glob(".step-*"):  # of a process that was killed while it wrote
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        with suppress(OSError):  # it holds a checkpoint
            folder.rmdir()
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Hold a folder until the returned descriptor is closed, or the process ends; None where locks do not exist."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise RunError(
            f"another process trains into {folder}", "wait for it, or choose another place with --out"
        ) from error
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
