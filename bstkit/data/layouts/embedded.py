"""The embedded click log, made in memory."""

from __future__ import annotations

import duckdb

from bstkit.data.layouts.source import Source, numbered
from bstkit.data.synthetic import click_log

EMBEDDED = "the embedded click log"


def open_embedded(connection: duckdb.DuckDBPyConnection, seed: int) -> Source:
    """Make the log from a seed."""
    made = click_log(seed)
    connection.register("embedded", made)
    columns = tuple(connection.table("embedded").columns)
    return Source(numbered(columns, "embedded"), columns, EMBEDDED)
