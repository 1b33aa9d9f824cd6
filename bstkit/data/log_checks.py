"""Checks on a log's values. All of them run in one pass, so that a user sees every problem at once."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from bstkit.data.log_columns import LogColumn


@dataclass(frozen=True)
class LogProblem:
    """One thing that is wrong with a log, and what to do about it."""

    message: str
    hint: str


_HINTS = {
    "user": "every event needs its user: remove or complete these rows",
    "time": "write seconds since 1970, or dates such as 2024-05-01 12:00:00",
    "label": 'correct these rows, or state a condition in features.toml:  labels = { ctr = "rating >= 4" }',
    "number": "correct these rows, or say what stands for a missing value in features.toml:  missing = 0.0",
    "id": "",
}


def find_problems(connection: duckdb.DuckDBPyConnection, columns: list[LogColumn]) -> list[LogProblem]:
    """Check the values of the table `source`.

    Returns:
        Empty values where none may be, values that do not parse, and labels that are all the same.
    """
    problems = []
    for column in columns:
        if column.role == "id":
            continue
        empty, bad, row, example, low, high = _count(connection, column)
        if empty and not column.may_be_empty:
            problems.append(LogProblem(f"{column.described} is empty in {_rows(empty)}", _HINTS[column.role]))
        if bad:
            message = f"{column.described} is not {column.says} in {_rows(bad)}, first {example!r} in row {row + 1}"
            problems.append(LogProblem(message, _HINTS[column.role]))
        if column.role == "label" and not empty and not bad and low == high:
            message = f"{column.described} has one class only: every label is {low:g}"
            problems.append(LogProblem(message, "give a log with clicks and non-clicks, or another condition"))
    return problems


def _count(
    connection: duckdb.DuckDBPyConnection, column: LogColumn
) -> tuple[int, int, int, str, float | None, float | None]:
    """Return how many values are empty and how many are wrong, the first wrong one, and the range of the others."""
    empty = "(raw IS NULL OR lower(raw) = 'nan')" if column.role in ("number", "label", "time") else "raw IS NULL"
    number = column.role in ("number", "time")
    bad = f"NOT {empty} AND (typed IS NULL{' OR isinf(typed)' if number else ''})"
    low, high = ("min(typed)", "max(typed)") if column.role == "label" else ("NULL", "NULL")
    counted = connection.execute(
        f"SELECT count(*) FILTER (WHERE {empty}), count(*) FILTER (WHERE {bad}), min(row) FILTER (WHERE {bad}), "
        f"arg_min(raw, row) FILTER (WHERE {bad}), {low}, {high} "
        f"FROM (SELECT row, {column.raw} AS raw, {column.typed} AS typed FROM source)"
    ).fetchone()
    if counted is None:  # an aggregate always yields a row
        raise RuntimeError("DuckDB returned nothing for an aggregate")
    return counted


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
