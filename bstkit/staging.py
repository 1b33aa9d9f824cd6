"""Folders and files that appear whole or not at all: written beside their place, renamed at the end."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bstkit.errors import RunError

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG}
HINT = "choose another place with --out, or move this one away"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden sibling to write into, which takes the folder's name when the block ends without an error.

    Raises:
        RunError: the folder exists, or its place cannot be written to, before the block runs; or the disk is full.
    """
    with _written(folder), partial_folder(folder) as partial:
        yield partial
        check_free(folder)  # an empty folder made meanwhile would be replaced silently
        _take_name(partial, folder)


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """Give a hidden folder beside a file; what the block writes there under the file's name takes its place at the end.

    Raises:
        RunError: as for `new_folder`.
    """
    with _written(file), partial_folder(file) as partial:
        yield partial
        check_free(file)
        (partial / file.name).rename(file)


@contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """As `new_file`, but the file may be there: its old content stays until the new one is whole.

    Raises:
        RunError: its place cannot be written to, or the disk is full.
    """
    with _told(file, "make room, and the folder writable"), partial_folder(file) as partial:
        yield partial
        (partial / file.name).replace(file)


@contextmanager
def _written(target: Path) -> Iterator[None]:
    """Refuse a name that is taken, and say clearly what cannot be written."""
    check_free(target)
    with _told(target):
        yield


@contextmanager
def _told(target: Path, hint: str = "make room, or choose another place with --out") -> Iterator[None]:
    """Say clearly what cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise RunError(f"cannot write to {target.parent}: {error.strerror}", HINT) from error
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise RunError(f"cannot write {target}: {error.strerror}", hint) from error


def _take_name(partial: Path, folder: Path) -> None:
    """Rename; another process may have made the folder since the last look."""
    try:
        partial.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise _taken(folder) from error


@contextmanager
def partial_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, on the same disk, that is gone afterwards unless it was renamed.

    A process that is killed leaves its folder behind; the next one with the same target removes it.
    """
    _remove_abandoned(target)
    folder = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    unlocked = folder.with_suffix(".new")  # a name that no other process looks for
    unlocked.mkdir()
    lock = _lock(unlocked)  # the system lets go of it when the process ends, however it ends
    unlocked.rename(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Work in a folder that stays, alone.

    Raises:
        RunError: another process works in it.
    """
    lock = _lock(folder)
    if lock is None and sys.platform != "win32":
        raise RunError(f"another process works in {folder}", "wait for it, or choose another place with --out")
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _remove_abandoned(target: Path) -> None:
    """Remove partial folders of the same target that no living process works in."""
    for folder in target.parent.glob(f".{glob.escape(target.name)}.????????.partial"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Hold a folder until the returned descriptor is closed; None where another process does, or locks do not exist."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def check_free(folder: Path) -> None:
    """Refuse a name that is taken.

    Raises:
        RunError: something has it.
    """
    if folder.exists() or folder.is_symlink():
        raise _taken(folder)


def _taken(folder: Path) -> RunError:
    return RunError(f"{folder} already exists", HINT)
