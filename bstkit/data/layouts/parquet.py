"""Parquet files, read as they are: numbers, dates and list columns keep their types."""

from __future__ import annotations

import duckdb

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts.delimited import common_columns
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.source import Layout, Source, numbered, readable_columns
from bstkit.data.layouts.text_scan import paths


def _open(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    """Read all shards as one table. A damaged Parquet file is an error always: there are no lines to leave out.

    Where the shards' types differ, each column takes the type that holds all of them.

    Raises:
        DataError: a file is damaged, or the shards' columns differ.
    """
    files = tuple(file for file in given.files if file.name.lower().endswith(".parquet"))
    files = given.shards(files)
    types = {}
    for file in files:
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({paths([file])})").fetchall()
        except duckdb.Error as error:
            raise unreadable(str(file), error) from error
        types[file] = {str(row[0]): str(row[1]) for row in described}
    columns = readable_columns(common_columns({file: list(found) for file, found in types.items()}))
    same = all(found == types[files[0]] for found in types.values())
    table = f"read_parquet({paths(files)}, union_by_name = {str(not same).lower()})"
    return Source(numbered(columns, table), columns, str(given.path), files)


LAYOUT = Layout("Parquet", lambda given: any(file.name.lower().endswith(".parquet") for file in given.files), _open)
