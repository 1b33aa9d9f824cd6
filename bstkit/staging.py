"""Folders that appear whole or not at all: written beside their place, renamed at the end."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bstkit.errors import RunError

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG}
HINT = "choose another folder with --out, or move this one away"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden sibling to write into, which takes the folder's name when the block ends without an error.

    Raises:
        RunError: the folder exists, or its place cannot be written to, before the block runs; or the disk is full.
    """
    _check_free(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with partial_folder(folder) as partial:
            yield partial
            _check_free(folder)  # an empty folder made meanwhile would be replaced silently
            _take_name(partial, folder)
    except (FileExistsError, NotADirectoryError) as error:
        raise RunError(f"cannot write to {folder.parent}: {error.strerror}", HINT) from error
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise RunError(
            f"cannot write {folder}: {error.strerror}", "make room, or choose another folder with --out"
        ) from error


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
    """A new folder beside `target`, on the same disk, that is gone afterwards unless it was renamed."""
    folder = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_free(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise _taken(folder)


def _taken(folder: Path) -> RunError:
    return RunError(f"{folder} already exists", HINT)
