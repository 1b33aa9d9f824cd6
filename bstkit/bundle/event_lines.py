"""Files of raw events: JSON lines, one object a line, UTF-8, plain or gzip-compressed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from bstkit.errors import DataError

SUFFIXES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Event:
    """One raw event.

    Args:
        where: how errors name it: the file and the line.
        values: input name -> value, as JSON holds it.
    """

    where: str
    values: Mapping[str, Any]


def is_event_file(path: Path) -> bool:
    """Whether a file is named as one of raw events."""
    return path.name.lower().endswith(SUFFIXES)


class EventFile:
    """Reads a file of raw events, one after the other.

    Args:
        path: the file; compressed where its name ends in `.gz`.

    Attributes:
        done: how much of the file has been read, in [0, 1].

    Raises:
        DataError: while reading: the file is missing, empty or damaged, or a line is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = 0.0

    def __iter__(self) -> Iterator[Event]:
        number = 0
        try:
            with self.path.open("rb") as file:
                size = max(1, self.path.stat().st_size)
                compressed = self.path.name.lower().endswith(".gz")
                for number, line in enumerate(gzip.GzipFile(fileobj=file) if compressed else file, 1):
                    self.done = min(1.0, file.tell() / size)
                    yield Event(f"{self.path}, line {number}", self._object(line, number))
        except (OSError, EOFError, zlib.error) as error:  # gzip's own error is an OSError
            raise DataError(
                f"{self.path} cannot be read: {error}", "check the path, and whether the file is whole"
            ) from error
        if not number:
            raise DataError(f"{self.path} is empty: it has no events", "write one JSON object a line")

    def _object(self, line: bytes, number: int) -> Mapping[str, Any]:
        """The object on one line."""
        where = f"{self.path}, line {number}"
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{where} is not UTF-8: {error.reason} at byte {error.start}", "write UTF-8") from error
        try:
            value = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{where} is no JSON: {error}", "write one JSON object a line, and no empty lines"
            ) from error
        if not isinstance(value, dict):
            raise DataError(
                f"{where} holds {type(value).__name__}, not an object",
                'write one JSON object a line: {"<input>": value, ...}',
            )
        return value


def _no_constant(name: str) -> NoReturn:
    """Python reads NaN and Infinity, which JSON does not know."""
    raise ValueError(f"{name} is no JSON value")
