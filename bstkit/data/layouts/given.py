"""What a user names as the log: a file, a folder of files, or a pattern."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from bstkit.data.checked.log_errors import missing_path
from bstkit.data.layouts.compression import check_whole
from bstkit.errors import DataError

_COMPRESSED = ("", ".gz", ".zst")


@dataclass(frozen=True)
class Given:
    """The files that a path stands for.

    Args:
        path: as the user wrote it.
        folder: where files that belong to the log lie: a folder itself, the folder of a file, the part of a pattern
            before its first wildcard.
        files: sorted by their names, as texts. Of a folder: the files in it, not those in folders below it, and none
            whose name starts with a dot or an underscore, which other tools leave there (`_SUCCESS`, `.part-0.crc`).
    """

    path: Path
    folder: Path
    files: tuple[Path, ...]

    def named(self, *names: str) -> Path | None:
        """Return the first file of one of these names, whatever the case, if it is there."""
        return next((file for file in self.files if file.name.lower() in names), None)

    def ending(self, *suffixes: str) -> tuple[Path, ...]:
        """Return the files that end in one of these, compressed or not."""
        endings = tuple(suffix + packed for suffix in suffixes for packed in _COMPRESSED)
        return tuple(file for file in self.files if file.name.lower().endswith(endings))

    def shards(self, files: tuple[Path, ...]) -> tuple[Path, ...]:
        """Leave out files of no bytes at all, as a writer without rows may make them; check that the others are whole.

        Raises:
            DataError: all of them are empty, or one is cut short.
        """
        kept = tuple(file for file in files if file.stat().st_size)
        if not kept:
            raise DataError(
                f"cannot read {self.path}: it is empty, without even a header"
                if len(files) == 1
                else f"cannot read {self.path}: all of its {len(files)} files are empty",
                "give a log with events",
            )
        for file in kept:
            check_whole(file)
        return kept


def find_files(path: Path) -> Given:
    """List the files that `path` stands for.

    Args:
        path: a file or a folder; where neither is there and it holds `*`, `?` or `[`, a pattern (`**` goes through
            folders).

    Raises:
        DataError: there is nothing, or a prepared dataset.
    """
    from bstkit.data.prepared.folder import is_dataset

    if is_dataset(path):
        raise DataError(
            f"{path} is a dataset that was prepared from a log, not a log",
            f"give the log itself; a model is trained on the dataset with  bstkit train --data {path}",
        )
    if path.is_dir():
        inside = (file for file in path.iterdir() if file.is_file() and not file.name.startswith((".", "_")))
        return Given(path, path, tuple(sorted(inside, key=lambda file: file.name)))
    if path.exists():
        return Given(path, path.parent, (path,))
    if not glob.has_magic(str(path)):
        raise missing_path(path)
    found = sorted(file for file in glob.glob(str(path), recursive=True) if Path(file).is_file())
    if not found:
        raise DataError(f"no file matches {path}", "check the pattern, and quote it in a shell")
    fixed = takewhile(lambda part: not glob.has_magic(part), path.parts)
    return Given(path, Path(*fixed), tuple(Path(file) for file in found))
