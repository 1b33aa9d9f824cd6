"""What every layout gives: a log that can be read, before anything is known about its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.data.layouts.given import Given
from bstkit.data.sql import identifier


@dataclass(frozen=True)
class Source:
    """A log that can be read.

    Args:
        query: SQL that yields `row` and every column. `row` numbers from 0 what can be read, in the order of the log:
            file by file as in `files`, each in its own order. It is the tie-break between events of one time.
        columns: the columns' names, without `row`; a column of the log that is itself called `row` is left out.
        origin: how errors and provenance name it.
        files: what is read, in order, then what describes users and items; empty for the embedded log.
        unreadable: SQL that lists the lines that `query` left out, to be run on the same connection after `query` ran
            to its end (the last run counts): `file` and `reason` (text), `line` (bigint, from 1, the header and empty
            lines counted), `text` (at most 200 characters of it). None where nothing is left out: then what cannot be
            read is an error.
    """

    query: str
    columns: tuple[str, ...]
    origin: str
    files: tuple[Path, ...] = ()
    unreadable: str | None = None


@dataclass(frozen=True)
class Layout:
    """A kind of log, known by its files.

    Args:
        name: how errors speak of it.
        recognises: whether some files are such a log; looks at names, and at a first line where names say nothing.
        open: makes the source, from the connection, the files, and whether to leave out lines that cannot be read.
        features: the packaged features file that says what its columns mean.
    """

    name: str
    recognises: Callable[[Given], bool]
    open: Callable[[duckdb.DuckDBPyConnection, Given, bool], Source]
    features: str | None = None


def numbered(columns: tuple[str, ...], table: str) -> str:
    """Return SQL that yields `row` and some columns of a table that DuckDB reads.

    DuckDB keeps the order of the files and of their rows, with any number of threads, while the setting
    preserve_insertion_order is on; `open_source` turns it on.
    """
    selected = "".join(f", {identifier(column)}" for column in columns)
    return f"SELECT row_number() OVER () - 1 AS row{selected} FROM {table}"


def readable_columns(names: list[str]) -> tuple[str, ...]:
    """Leave out a column called `row`: that is the name of the place in the log."""
    return tuple(name for name in names if name.lower() != "row")
