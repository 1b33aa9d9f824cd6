"""Vocabularies: which key of an id space has which id, and the text file that says so.

Id 0 is padding and 1 out-of-vocabulary, so the first key has id 2. In a file, line n (from 1) holds the key of id n +
1.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bstkit.config.features import FIRST_ID
from bstkit.errors import DataError

_HINT = "take it again from the run or bundle that it belongs to"
_PIECE = 2**20
"""Bytes of a file that are read together."""


def rows_of(keys: Sequence[str]) -> int:
    """Rows of the embedding table of a vocabulary, padding and out-of-vocabulary included."""
    return len(keys) + FIRST_ID


def write_vocabulary(path: Path, keys: Sequence[str]) -> None:
    """Write keys in the order of their ids: one a line, UTF-8, LF.

    Raises:
        DataError: a key is empty, holds a line break, or stands there twice; nothing is written.
    """
    _check(keys, path)
    path.write_text("".join(f"{key}\n" for key in keys), encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """Read the keys of a vocabulary file; the first has id 2.

    Raises:
        DataError: the file is missing, not UTF-8, does not end in a line feed, or holds an empty or repeated key.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the vocabulary {path}: {error}", _HINT) from error
    if text and not text.endswith("\n"):
        raise DataError(f"the vocabulary {path} is cut short: its last line has no end", _HINT)
    keys = tuple(text.split("\n")[:-1])
    _check(keys, path)
    return keys


class VocabularyFolder(Mapping[str, tuple[str, ...]]):
    """The vocabularies in a folder: id space -> keys, each file `<space>.txt` read once, when it is asked for.

    Args:
        folder: where the files lie.

    Raises:
        KeyError: a space has no file.
        DataError: its file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, space: str) -> tuple[str, ...]:
        if space not in self._read:
            path = self._folder / f"{space}.txt"
            if not path.is_file():
                raise KeyError(space)
            self._read[space] = read_vocabulary(path)
        return self._read[space]

    def __contains__(self, space: object) -> bool:
        return (self._folder / f"{space}.txt").is_file()

    def copy(self, space: str, path: Path) -> int:
        """Copy a vocabulary's file without reading its keys; returns how many lines it has.

        Raises:
            DataError: the file cannot be read.
        """
        lines = 0
        source = self._folder / f"{space}.txt"
        try:
            with source.open("rb") as file:
                while piece := file.read(_PIECE):
                    lines += piece.count(b"\n")
        except OSError as error:
            raise DataError(f"cannot read the vocabulary {source}: {error.strerror}", _HINT) from error
        shutil.copyfile(source, path)
        return lines

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self._folder.glob("*.txt")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _check(keys: Sequence[str], path: Path) -> None:
    """Refuse keys that a line cannot hold, or that would be ambiguous."""
    broken = next((key for key in keys if not key or "\n" in key or "\r" in key), None)
    if broken is not None:
        raise DataError(
            f"the key {broken!r} cannot stand on a line of {path.name}", "remove line breaks from the ids of the log"
        )
    if len(set(keys)) != len(keys):
        raise DataError(f"a key stands twice in {path.name}", "write each key once")
