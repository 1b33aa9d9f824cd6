"""CSV and TSV files with a header; cells in double quotes where needed, as spreadsheets write them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb

from bstkit.data.layouts.first_line import header
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.lines import left_out, numbered_lines
from bstkit.data.layouts.rejects import Rejects
from bstkit.data.layouts.source import Layout, Source, numbered, readable_columns
from bstkit.data.layouts.text_scan import scan
from bstkit.data.sql import identifier, literal
from bstkit.errors import DataError


def _open(
    connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool, *, suffix: str, delimiter: str
) -> Source:
    """Read all shards as one table.

    Lines are left out by a reader of our own, line by line: after a stray quote, DuckDB's leaves out thousands of lines
    and lists one. A cell that holds a line break is then two lines that cannot be read.

    Raises:
        DataError: a header cannot be read, or the shards' columns differ.
    """
    files = given.shards(given.ending(suffix))
    columns = common_columns({file: header(file, delimiter) for file in files})
    kept = readable_columns(columns)
    origin = str(given.path)
    if not keep_going:
        return Source(numbered(kept, scan(files, columns, delimiter)), kept, origin, files)
    rejects = Rejects()
    lines = _lines(numbered_lines(files, rejects), columns, delimiter)
    cells = ", ".join(
        f"nullif(cells[{place}], '') AS {identifier(name)}" for place, name in enumerate(columns, start=1)
    )
    query = numbered(kept, f"(SELECT {cells} FROM ({lines}) WHERE reason IS NULL)")
    return Source(
        query, kept, origin, files, left_out(rejects, _lines(numbered_lines(files, ignore=True), columns, delimiter))
    )


def _lines(lines: str, columns: list[str], delimiter: str) -> str:
    """Return SQL that cuts lines into `cells`, and gives the `reason` where they are not as many as the columns."""
    quoted = '"(?:[^"]|"")*"'
    paired = f'[^"{delimiter}](?:[^"{delimiter}]|"[^"{delimiter}]*")*'
    open_ended = f'[^"{delimiter}](?:[^{delimiter}]*[^"{delimiter}])?'  # 19" at an end may close a cell of two lines
    cell = f"(?:{quoted}|{paired}|{open_ended}|)"
    pattern = literal(f"{cell}(?:{delimiter}{cell})*")
    each = literal(f"{delimiter}({quoted}|[^{delimiter}]*)")
    bare = "CASE WHEN starts_with(x, '\"') THEN replace(substr(x, 2, length(x) - 2), '\"\"', '\"') ELSE x END"
    split = (
        f"CASE WHEN NOT contains(text, '\"') THEN string_split(text, {literal(delimiter)}) "
        f"WHEN regexp_full_match(text, {pattern}) "
        f"THEN [{bare} FOR x IN regexp_extract_all({literal(delimiter)} || text, {each}, 1)] END"
    )
    reason = (
        "CASE WHEN cells IS NULL THEN 'a quote that is not closed, or closed before the end of the cell' "
        f"WHEN len(cells) <> {len(columns)} THEN 'expected {len(columns)} cells, found ' || len(cells) END"
    )
    cut = f"SELECT file, line, text, {split} AS cells FROM ({lines}) WHERE line > 1 AND text IS NOT NULL"
    return f"SELECT *, {reason} AS reason FROM ({cut})"


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
