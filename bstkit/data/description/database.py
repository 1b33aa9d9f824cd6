"""The log as one table of a database on disk, so that describing it takes no more memory than it is given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts import Source, open_source
from bstkit.data.prepared.database import working_database
from bstkit.data.sql import identifier
from bstkit.errors import DataError


@contextmanager
def described_table(
    path: Path | None, seed: int, memory_limit: str
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Source, int]]:
    """Read a log once into the table `source`, and remove everything at the end.

    Yields:
        The database, the source, and how many of its lines could not be read, which the table lacks.

    Raises:
        DataError: the log is missing, unreadable or empty, or the work does not fit into the memory limit.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bstkit-describe-") as folder,
        working_database(Path(folder) / "database", memory_limit) as connection,
    ):
        source = open_source(connection, path, seed, keep_going=True)
        names = ", ".join(identifier(name) for name in ("row", *source.columns))
        try:
            connection.execute(f"CREATE TABLE source AS SELECT {names} FROM ({source.query})")
        except duckdb.Error as error:
            raise unreadable(source.origin, error) from error
        if not one_row(connection, "SELECT count(*) FROM source")[0]:
            raise DataError(f"{source.origin} is empty: it has a header and no events", "give a log with events")
        listed = f"SELECT count(*) FROM ({source.unreadable})" if source.unreadable else "SELECT 0"
        yield connection, source, int(one_row(connection, listed)[0])


def one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the first row of a query that always has one, such as an aggregate."""
    found = connection.execute(query).fetchone()
    if found is None:
        raise RuntimeError("DuckDB returned nothing for an aggregate")
    return found
