"""Where a log comes from: the embedded one, a RecBole folder, a CSV or a Parquet file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.data.log_errors import missing_path, unreadable
from bstkit.data.recbole import find_inter_file, recbole_columns, recbole_query
from bstkit.data.sql import identifier, literal
from bstkit.data.synthetic import click_log
from bstkit.errors import DataError

EMBEDDED = "the embedded click log"
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


@dataclass(frozen=True)
class Source:
    """A log that can be read, before anything is known about its values.

    Args:
        query: SQL that yields `row` (from 0, in the order of the log) and every column.
        columns: the columns' names, without `row`.
        origin: how errors and provenance name it.
        unreadable: SQL of `file`, `line`, `reason` and `text` of the lines that could not be read, once `query` has
            been read to its end; None where reading stops at the first such line.
        files: the files that it is read from.
    """

    query: str
    columns: tuple[str, ...]
    origin: str
    unreadable: str | None = None
    files: tuple[Path, ...] = ()


def open_source(
    connection: duckdb.DuckDBPyConnection, path: Path | None, seed: int = 0, *, keep_going: bool = False
) -> Source:
    """Find out what `path` is and which columns it has.

    Args:
        connection: an in-memory database.
        path: None for the embedded log; a folder of RecBole atomic files, or its .inter file; a CSV or Parquet file.
        seed: of the embedded log.
        keep_going: leave lines that cannot be read out, where that is possible.

    Raises:
        DataError: the path is missing, of no known kind, or its header cannot be read.
    """
    if path is None:
        connection.register("embedded", click_log(seed))
        return _numbered(connection, "embedded", EMBEDDED)
    if not path.exists():
        raise missing_path(path)
    name = path.name.lower()
    if path.is_dir() or name.endswith(".inter"):
        inter = find_inter_file(path)
        columns = recbole_columns(inter)
        return Source(recbole_query(connection, inter, columns), tuple(columns), str(path), files=(inter,))
    if name.endswith(_CSV):
        delimiter = "," if ".csv" in name[-7:] else "\t"
        options = f"delim = '{delimiter}', quote = '\"', escape = '\"', header = true, all_varchar = true"
        return _numbered(connection, f"read_csv({literal(path)}, {options})", str(path), (path,))
    if name.endswith(".parquet"):
        return _numbered(connection, f"read_parquet({literal(path)})", str(path), (path,))
    raise DataError(
        f"{path} is no log that bstkit can read",
        f"give a folder of RecBole atomic files, or a file that ends in {', '.join((*_CSV, '.parquet'))}",
    )


def _numbered(connection: duckdb.DuckDBPyConnection, table: str, origin: str, files: tuple[Path, ...] = ()) -> Source:
    """Describe a table that DuckDB reads as it is. Its rows are numbered as they come: DuckDB keeps file order."""
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    except duckdb.Error as error:
        raise unreadable(origin, error) from error
    columns = tuple(str(row[0]) for row in described)
    selected = ", ".join(identifier(column) for column in columns)
    return Source(f"SELECT row_number() OVER () - 1 AS row, {selected} FROM {table}", columns, origin, files=files)
