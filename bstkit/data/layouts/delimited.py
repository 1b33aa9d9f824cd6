"""CSV and TSV files with a header; cells in double quotes where needed, as spreadsheets write them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb

from bstkit.data.layouts.first_line import header
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.rejects import Rejects
from bstkit.data.layouts.source import Layout, Source, numbered, readable_columns
from bstkit.data.layouts.text_scan import scan
from bstkit.errors import DataError


def _open(
    connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool, *, suffix: str, delimiter: str
) -> Source:
    """Read all shards as one table.

    Raises:
        DataError: a header cannot be read, or the shards' columns differ.
    """
    files = given.holding_something(given.ending(suffix))
    columns = common_columns({file: header(file, delimiter) for file in files})
    rejects = Rejects() if keep_going else None
    kept = readable_columns(columns)
    return Source(
        numbered(kept, scan(files, columns, delimiter, rejects=rejects)),
        kept,
        str(given.path),
        files,
        rejects.query if rejects else None,
    )


def common_columns(columns: dict[Path, list[str]]) -> list[str]:
    """Return the columns of all shards, which must be the same in the same order.

    Raises:
        DataError: they are not.
    """
    (first, expected), *others = columns.items()
    for file, found in others:
        if found != expected:
            raise DataError(
                f"{file} has other columns than {first.name}: {_difference(found, expected)}",
                "give shards of one log, with the same columns in the same order",
            )
    return expected


def _difference(found: list[str], expected: list[str]) -> str:
    """Say what is missing and what is there in its stead."""
    lacks = [name for name in expected if name not in found]
    adds = [name for name in found if name not in expected]
    parts = [f"it lacks {', '.join(lacks)}"] * bool(lacks) + [f"it adds {', '.join(adds)}"] * bool(adds)
    return " and ".join(parts) or f"they stand in another order: {', '.join(found)}"


CSV = Layout("CSV", lambda given: bool(given.ending(".csv")), partial(_open, suffix=".csv", delimiter=","))
TSV = Layout("TSV", lambda given: bool(given.ending(".tsv")), partial(_open, suffix=".tsv", delimiter="\t"))
