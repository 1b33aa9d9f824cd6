"""The first line of a text file, compressed or not: a header, or a sample of what is in it."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from bstkit.data.layouts.rejects import MAX_LINE_BYTES
from bstkit.errors import DataError

_FEW = 1 << 16
"""Bytes that a first look takes; a longer first line takes another."""


def first_line(file: Path) -> str:
    """Return the first line that is not empty, without its end and without a byte order mark; `""` if there is none.

    Raises:
        DataError: it cannot be read, or is too long.
    """
    return next((line.rstrip("\r") for line in _beginning(file).split("\n") if line.strip()), "")


def header(file: Path, delimiter: str) -> list[str]:
    """Return the column names of a file with a header, none where the file is empty.

    A name that is empty, as pandas writes for its index, becomes `column0`, `column1` by its place.

    Raises:
        DataError: the header cannot be read, or names a column twice. Upper and lower case count as the same: they do
            in SQL.
    """
    try:
        cells = next(csv.reader(io.StringIO(_beginning(file), newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise DataError(f"cannot read the header of {file}: {error}", "it may be damaged: fetch it again") from error
    if not cells and _beginning(file):
        raise DataError(f"cannot read the header of {file}: its first line is empty", "write the columns' names there")
    names = [name or f"column{place}" for place, name in enumerate(cells)]
    if any(mark in name or not _is_utf8(name) for name in names for mark in "\r\n\0"):
        raise DataError(
            f"cannot read {file}: its header is not one line of UTF-8 text: {','.join(names)[:60]!r}",
            "it may be damaged, or in another encoding: write it as UTF-8",
        )
    check_names(names, f"the header of {file}")
    return names


def check_names(names: list[str], place: str) -> None:
    """Refuse columns of the same name.

    Raises:
        DataError: two are.
    """
    seen: dict[str, str] = {}
    for name in names:
        before = seen.setdefault(name.lower(), name)
        if before is not name:
            also = "" if before == name else f" (and {before!r}: upper and lower case count as the same)"
            raise DataError(f"{place} names {name!r} twice{also}", "give each column a name of its own")


def _beginning(file: Path) -> str:
    """Return the first lines, whole ones. What is not UTF-8 becomes surrogates: later lines are not our matter."""
    import pyarrow as pa

    try:
        with pa.input_stream(str(file)) as stream:  # finds out by the name whether it is compressed
            data, limit = stream.read(_FEW) or b"", _FEW
            if len(data) == limit and b"\n" not in data:
                data, limit = data + stream.read(MAX_LINE_BYTES), _FEW + MAX_LINE_BYTES
    except OSError as error:
        raise DataError(f"cannot read {file}: {error}", "it may be damaged: fetch it again") from error
    whole = data if len(data) < limit else data[: data.rfind(b"\n") + 1]
    if data and not whole:
        raise DataError(
            f"cannot read {file}: its first line is longer than {MAX_LINE_BYTES:,} bytes", "shorten or remove it"
        )
    return whole.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="surrogateescape")


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in text)
