"""Read a log and refuse it early, with every problem at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.config.features import Features
from bstkit.data.log_checks import find_problems
from bstkit.data.log_columns import log_columns, typed_query
from bstkit.data.log_errors import unreadable
from bstkit.data.needed_columns import needed_columns
from bstkit.data.source import Source, open_source
from bstkit.data.sql import identifier
from bstkit.errors import DataError
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class Log:
    """A checked log, as the table `log` of an in-memory DuckDB database.

    Its columns: `row` (int64, order in the file, from 0), `user` (text), `time` (float64, seconds), `label:<task>` (0.0
    or 1.0), `id:<column>` (text; NULL where the log is empty, which becomes the out-of-vocabulary id) and
    `number:<column>` (float64; NULL where missing).

    Args:
        connection: the database.
        origin: how errors and provenance name the log.
        rows: number of events.
    """

    connection: duckdb.DuckDBPyConnection
    origin: str
    rows: int


def read_log(path: Path | None, features: Features, seed: int = 0) -> Log:
    """Read the columns that features.toml asks for.

    Args:
        path: a folder of RecBole atomic files, one of its .inter files, a CSV or a Parquet file; None for the embedded
            log.
        features: what the columns mean.
        seed: of the embedded log.

    Raises:
        DataError: the log is missing, unreadable, empty, lacks a column, or holds values that cannot be used.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")  # times without a zone mean the same on every machine
    source = open_source(connection, path, seed)
    _check_columns(source, features)
    names = ", ".join(identifier(column.name) for column in needed_columns(features))
    try:
        connection.execute(f"CREATE TABLE source AS SELECT row, {names} FROM ({source.query})")
    except duckdb.Error as error:
        raise unreadable(source.origin, error) from error
    columns = log_columns(features)
    counted = connection.execute("SELECT count(*) FROM source").fetchone()
    rows = int(counted[0]) if counted else 0
    if rows == 0:
        raise DataError(f"{source.origin} is empty: it has a header and no events", "give a log with events")
    problems = find_problems(connection, columns)
    if problems:
        lines = [f"{source.origin} cannot be used:", *(f"  {problem.message}" for problem in problems)]
        raise DataError("\n".join(lines), problems[0].hint)
    connection.execute(f"CREATE TABLE log AS {typed_query(columns)}")
    connection.execute("DROP TABLE source")
    return Log(connection, source.origin, rows)


def _check_columns(source: Source, features: Features) -> None:
    """Refuse a log without the columns that features.toml names, and say which place names each."""
    missing = [column for column in needed_columns(features) if column.name not in source.columns]
    if not missing:
        return
    lines = [
        f"{source.origin} has no column {column.name!r}, which features.toml asks for at {column.asked_by}"
        for column in missing
    ]
    hint = did_you_mean(missing[0].name, source.columns) or "correct features.toml:"
    raise DataError("\n".join(lines), f"{hint} the log has {', '.join(source.columns)}")
