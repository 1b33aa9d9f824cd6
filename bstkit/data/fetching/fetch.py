"""Fetch a data set: download, check, unpack."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bstkit.data.fetching.data_sets import DataSet
from bstkit.data.fetching.download import download, forget
from bstkit.data.fetching.unpack import unpack
from bstkit.errors import DataError
from bstkit.progress import Progress
from bstkit.staging import check_free, new_folder


@dataclass(frozen=True)
class Fetched:
    """A data set on disk: its folder, the files in it, and whether they were there before."""

    folder: Path
    files: tuple[str, ...]
    already_there: bool


def fetch(data_set: DataSet, folder: Path, progress: Progress | None = None) -> Fetched:
    """Make a folder with a data set's files, whole or not at all.

    A download that was cut goes on from `<folder>.zip.part` beside the folder.

    Args:
        data_set: what to fetch.
        folder: the folder to make. One that holds the data set already is left as it is.
        progress: told about the stages.

    Raises:
        DataError: the server cannot be reached or refuses, the download stopped, or what came is not the data set.
        RunError: the folder is something else, or its place cannot be written to.
    """
    if (folder / data_set.proof).is_file():
        return Fetched(folder, _files(folder), already_there=True)
    check_free(folder)
    progress = progress or Progress()
    archive = folder.with_name(f"{folder.name}.zip.part")
    if not _is_whole(archive, data_set):
        with progress.stage("download") as advance:
            download(data_set.url, archive, data_set.size, advance)
    with progress.stage("check"):
        _check(archive, data_set)
    with progress.stage("unpack"), new_folder(folder) as partial:
        unpack(archive, partial, data_set.inside, data_set.proof)
    forget(archive)
    return Fetched(folder, _files(folder), already_there=False)


def _digest(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _is_whole(archive: Path, data_set: DataSet) -> bool:
    """Whether an earlier download came to its end, but could not be unpacked."""
    if not archive.is_file() or archive.stat().st_size != data_set.size:
        return False
    return all(_digest(archive, algorithm) == known for algorithm, known in data_set.digests.items())


def _check(archive: Path, data_set: DataSet) -> None:
    """Refuse and remove what is not the data set."""
    for algorithm, known in data_set.digests.items():
        found = _digest(archive, algorithm)
        if found != known:
            forget(archive)
            raise DataError(
                f"what came from {data_set.url} is not {data_set.name}: its {algorithm} is {found}, not {known}; "
                "it was removed",
                f"run the command again; if that does not help, look at {data_set.home}",
            )


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
