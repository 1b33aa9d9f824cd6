"""Unpack an archive of which nothing is trusted."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from bstkit.errors import DataError

_HINT = "nothing was unpacked: look at the data set's home"


def unpack(archive: Path, folder: Path, inside: str, proof: str) -> None:
    """Unpack one folder of a zip archive.

    Args:
        archive: the file.
        folder: where the content goes; it is there and empty.
        inside: the archive's folder to take the content of.
        proof: a file that must be in it.

    Raises:
        DataError: it is no zip archive, is damaged, has a name that leads out of the folder, a link, or not that file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            for member in members:
                _check_member(member, archive)
            kept = {
                PurePosixPath(member.filename).relative_to(inside): member
                for member in members
                if PurePosixPath(member.filename).is_relative_to(inside)
            }
            if PurePosixPath(proof) not in kept:
                raise DataError(f"{archive} holds no {inside}/{proof}", _HINT)
            for name, member in kept.items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:  # the second: a compression
        raise DataError(f"{archive} is no zip archive that can be read: {error}", _HINT) from error


def _check_member(member: zipfile.ZipInfo, archive: Path) -> None:
    """Refuse names that lead elsewhere, and what is no plain file."""
    path = PurePosixPath(member.filename)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in path.parts[0]
    if leads_out or stat.S_ISLNK(member.external_attr >> 16):
        raise DataError(f"{archive} holds {member.filename!r}, which leads out of its folder", _HINT)
