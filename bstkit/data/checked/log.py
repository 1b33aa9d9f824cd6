"""Read a log and refuse it early, with every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from bstkit.config.features import Features
from bstkit.data.checked.bad_rows import BadRows, collect_bad_rows, too_many, write_bad_rows
from bstkit.data.checked.log_column import LogColumn
from bstkit.data.checked.log_columns import log_columns
from bstkit.data.checked.log_errors import unreadable
from bstkit.data.checked.log_survey import Survey, first_example, survey_log
from bstkit.data.checked.needed_columns import NeededColumn, needed_columns, needed_label
from bstkit.data.layouts import Source, open_source
from bstkit.data.sql import identifier
from bstkit.errors import DataError
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class Log:
    """A checked log, as the view `log` of a DuckDB database.

    Its columns: `row` (int64, order in the file, from 0; rows that were left out leave gaps), `user` (text), `time`
    (float64, seconds), `label:<task>` (0.0 or 1.0; NULL where missing), `id:<column>` (text; NULL where the log is
    empty, which becomes the out-of-vocabulary id), `number:<column>` (float64; NULL where missing), `weight:<history>`
    (float64, at the event), `given_split` (int8, 0 train, 1 validation, 2 test; where `[split] column` is given and the
    log is learned from); for histories that stand in the row `values:<history>.<column>` (list of text),
    `weights:<history>` (list of float64) and `times:<history>` (list of float64, seconds): real steps only, oldest
    first, equally long.

    The view reads the table `source`, and `bad_row` where rows were left out.

    Args:
        connection: the database.
        origin: how errors and provenance name the log.
        rows: number of events, without those left out.
        skipped: number of rows, and of lines that could not be read, that were left out.
        reasons: why: reason -> number of rows. A row may be left out for several.
    """

    connection: duckdb.DuckDBPyConnection
    origin: str
    rows: int
    skipped: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def read_log(
    path: Path | None,
    features: Features,
    seed: int = 0,
    *,
    scoring: bool = False,
    connection: duckdb.DuckDBPyConnection | None = None,
    bad_rows_file: Path | None = None,
) -> Log:
    """Read the columns that features.toml asks for.

    Args:
        path: a file, a folder or a pattern, as `bstkit.data.layouts` lists them; None for the embedded log.
        features: what the columns mean, and what becomes of rows that cannot be used.
        seed: of the embedded log.
        scoring: the log is to be scored, not learned from: its labels may be absent, empty or of one class, and numbers
            may be empty. An absent label is NULL everywhere.
        connection: where to read it to, without tables; None for a database in memory. Nothing passes through Python.
        bad_rows_file: where to list the rows that cannot be used, as CSV: row (from 1, in the order of the log), file,
            line, column, reason, value. Where there are none, no file is left there.

    Raises:
        DataError: the log is missing, unreadable, empty, lacks a column, holds values that cannot be used, or, where
            such rows are skipped, too many of them.
    """
    if connection is None:
        connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")  # times without a zone mean the same on every machine
    if bad_rows_file is not None and bad_rows_file.is_file():
        bad_rows_file.unlink()  # of an earlier run
    skip = features.log.bad_rows == "skip"
    source = open_source(connection, path, seed, keep_going=skip)
    _materialise(connection, source, features, scoring)
    columns = log_columns(features, _list_columns(connection, source, features, scoring), scoring)
    survey = survey_log(connection, columns, features, scoring)
    listed = skip or bad_rows_file is not None
    bad = collect_bad_rows(connection, source, survey) if listed else BadRows(survey.rows, survey.bad, {})
    if bad.rows == 0:
        raise DataError(f"{source.origin} is empty: it has a header and no events", "give a log with events")
    see = ""
    if bad.count and bad_rows_file is not None:
        write_bad_rows(connection, bad_rows_file)
        see = f"; every bad row is listed in {bad_rows_file}"
    _check(connection, source, features, survey, bad, see)
    _make_log(connection, columns, without_bad=bad.count > 0)
    return Log(connection, source.origin, survey.rows - survey.bad, bad.count, bad.reasons)


def _materialise(connection: duckdb.DuckDBPyConnection, source: Source, features: Features, scoring: bool) -> None:
    """Copy the needed columns to the table `source`, once: what numbers the rows may not do so twice."""
    absent = _check_columns(source, features, scoring)
    names = ", ".join(
        f"NULL AS {identifier(column.name)}" if column in absent else identifier(column.name)
        for column in needed_columns(features, scoring)
    )
    try:
        connection.execute(f"CREATE TABLE source AS SELECT row, {names} FROM ({source.query})")
    except duckdb.Error as error:
        raise unreadable(source.origin, error) from error


def _check(
    connection: duckdb.DuckDBPyConnection, source: Source, features: Features, survey: Survey, bad: BadRows, see: str
) -> None:
    """Refuse a log that is wrong as a whole, or has bad rows beyond what features.toml allows.

    Args:
        see: where the bad rows are listed, for hints.
    """
    problems = list(survey.problems)
    if features.log.bad_rows == "error":
        problems = [*(first_example(connection, finding) for finding in survey.findings), *problems]
    if problems:
        lines = [f"{source.origin} cannot be used:", *(f"  {problem.message}" for problem in problems)]
        raise DataError("\n".join(lines), problems[0].hint + see)
    if bad.share > features.log.max_bad_share or bad.count == bad.rows:
        raise too_many(bad, features.log.max_bad_share, source.origin, see)


def _make_log(connection: duckdb.DuckDBPyConnection, columns: Sequence[LogColumn], without_bad: bool) -> None:
    """Make the view `log`."""
    kept = ", ".join(identifier(column.name) for column in columns if column.role != "mask")
    left_out = " ANTI JOIN bad_row USING (row)" if without_bad else ""
    connection.execute(f"CREATE VIEW log AS SELECT row, {kept} FROM checked{left_out}")


def _list_columns(connection: duckdb.DuckDBPyConnection, source: Source, features: Features, scoring: bool) -> set[str]:
    """Return the columns of the table `source` that hold lists; only histories in the row can read them."""
    described = connection.execute("DESCRIBE source").fetchall()
    lists = {str(row[0]) for row in described if str(row[1]).endswith("]")}
    for column in needed_columns(features, scoring):
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
    absent = [column for column in needed_columns(features, scoring) if column.name not in source.columns]
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
