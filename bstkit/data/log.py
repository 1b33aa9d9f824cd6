"""Read a log and refuse it early, with every problem at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.config.features import Features
from bstkit.data.layouts import Source, open_source
from bstkit.data.log_checks import find_problems
from bstkit.data.log_columns import log_columns, typed_query
from bstkit.data.log_errors import unreadable
from bstkit.data.needed_columns import NeededColumn, needed_columns, needed_label
from bstkit.data.sql import identifier
from bstkit.errors import DataError
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class Log:
    """A checked log, as the table `log` of an in-memory DuckDB database.

    Its columns: `row` (int64, order in the file, from 0), `user` (text), `time` (float64, seconds), `label:<task>` (0.0
    or 1.0; NULL where missing), `id:<column>` (text; NULL where the log is empty, which becomes the out-of-vocabulary
    id), `number:<column>` (float64; NULL where missing), `weight:<history>` (float64, at the event); for histories that
    stand in the row `values:<history>.<column>` (list of text) and `weights:<history>` (list of float64).

    Args:
        connection: the database.
        origin: how errors and provenance name the log.
        rows: number of events.
    """

    connection: duckdb.DuckDBPyConnection
    origin: str
    rows: int


def read_log(path: Path | None, features: Features, seed: int = 0, *, scoring: bool = False) -> Log:
    """Read the columns that features.toml asks for.

    Args:
        path: a file, a folder or a pattern, as `bstkit.data.layouts` lists them; None for the embedded log.
        features: what the columns mean.
        seed: of the embedded log.
        scoring: the log is to be scored, not learned from: its labels may be absent, empty or of one class, and numbers
            may be empty. An absent label is NULL everywhere.

    Raises:
        DataError: the log is missing, unreadable, empty, lacks a column, or holds values that cannot be used.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")  # times without a zone mean the same on every machine
    source = open_source(connection, path, seed)
    absent = _check_columns(source, features, scoring)
    names = ", ".join(
        f"NULL AS {identifier(column.name)}" if column in absent else identifier(column.name)
        for column in needed_columns(features)
    )
    try:
        connection.execute(f"CREATE TABLE source AS SELECT row, {names} FROM ({source.query})")
    except duckdb.Error as error:
        raise unreadable(source.origin, error) from error
    columns = log_columns(features, _list_columns(connection, source, features), scoring)
    counted = connection.execute("SELECT count(*) FROM source").fetchone()
    rows = int(counted[0]) if counted else 0
    if rows == 0:
        raise DataError(f"{source.origin} is empty: it has a header and no events", "give a log with events")
    problems = find_problems(connection, columns, scoring)
    if problems:
        lines = [f"{source.origin} cannot be used:", *(f"  {problem.message}" for problem in problems)]
        raise DataError("\n".join(lines), problems[0].hint)
    connection.execute(f"CREATE TABLE log AS {typed_query(columns)}")
    connection.execute("DROP TABLE source")
    return Log(connection, source.origin, rows)


def _list_columns(connection: duckdb.DuckDBPyConnection, source: Source, features: Features) -> set[str]:
    """Return the columns of the table `source` that hold lists; only histories in the row can read them."""
    described = connection.execute("DESCRIBE source").fetchall()
    lists = {str(row[0]) for row in described if str(row[1]).endswith("]")}
    for column in needed_columns(features):
        if column.name in lists and not column.may_be_list:
            raise DataError(
                f"column {column.name!r} of {source.origin} holds lists, and {column.asked_by} reads one value a row",
                'only a history can read lists:  [history.<name>] source = "row"',
            )
    return lists


def _check_columns(source: Source, features: Features, scoring: bool) -> list[NeededColumn]:
    """Refuse a log without the columns that features.toml names, and say which place names each.

    Returns:
        The labels that are absent and, for scoring, need not be there.
    """
    absent = [column for column in needed_columns(features) if column.name not in source.columns]
    positive = [name for name, history in features.history.items() if history.events == "positive"]
    first = needed_label(features) if positive else None
    missing = [column for column in absent if not (scoring and column.is_label and column.name != first)]
    if not missing:
        return absent
    lines = [
        f"{source.origin} has no column {column.name!r}, which features.toml asks for at {column.asked_by}"
        for column in missing
    ]
    if scoring and missing[0].is_label:
        raise DataError(
            "\n".join(lines),
            f"history '{positive[0]}' is made of the user's positive events: give the log with this column, or score "
            "raw events from a .jsonl file",
        )
    hint = did_you_mean(missing[0].name, source.columns) or "correct features.toml:"
    raise DataError("\n".join(lines), f"{hint} the log has {', '.join(source.columns)}")
