"""Checks on a log's values. All of them run in one pass, so that a user sees every problem at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
    "weight": "every event needs its weight: correct or complete these rows",
    "weights": "correct these rows: write one number a step",
}


def find_problems(
    connection: duckdb.DuckDBPyConnection, columns: list[LogColumn], scoring: bool = False
) -> list[LogProblem]:
    """Check the values of the table `source`.

    Args:
        connection: with that table.
        columns: what its columns are.
        scoring: labels need not tell anything.

    Returns:
        Empty values where none may be, values that do not parse, labels that are all the same or all empty, and rows
        whose columns of one history are not equally long.
    """
    problems = [*_unequal_lengths(connection, columns), *_wrong_weights(connection, columns)]
    for column in columns:
        if column.role in ("id", "values", "weights"):
            continue
        empty, bad, row, example, low, high = _count(connection, column)
        if empty and not column.may_be_empty:
            problems.append(LogProblem(f"{column.described} is empty in {_rows(empty)}", _HINTS[column.role]))
        if bad:
            message = f"{column.described} is not {column.says} in {_rows(bad)}, first {example!r} in row {row + 1}"
            problems.append(LogProblem(message, _HINTS[column.role]))
        if column.role != "label" or scoring or bad or (empty and not column.may_be_empty):
            continue
        if low is None:
            message = f"{column.described} is empty in every row"
            problems.append(LogProblem(message, "give a log with labels of this task, or take the task out of [log]"))
        elif low == high:
            message = f"{column.described} has one class only: every label is {low:g}"
            problems.append(LogProblem(message, "give a log with clicks and non-clicks, or another condition"))
    return problems


def _unequal_lengths(connection: duckdb.DuckDBPyConnection, columns: list[LogColumn]) -> Iterator[LogProblem]:
    """Find histories whose columns do not hold equally many values in each row."""
    by_history = defaultdict(list)
    for column in columns:
        if column.history is not None:
            by_history[column.history].append(column)
    for history, members in by_history.items():
        lengths = ", ".join(f"len({column.raw})" for column in members)
        wrong, row, found = _one_row(
            connection,
            "SELECT count(*), min(row), arg_min(lengths, row) "
            f"FROM (SELECT row, [{lengths}] AS lengths FROM source) WHERE list_min(lengths) <> list_max(lengths)",
        )
        if wrong:
            each = ", ".join(f"{count} in {column.described}" for count, column in zip(found, members, strict=True))
            yield LogProblem(
                f"history '{history}' has columns that are not equally long in {_rows(wrong)}, first in row {row + 1}: "
                f"{each}",
                "write as many values in each of them, or make each a history of its own",
            )


def _wrong_weights(connection: duckdb.DuckDBPyConnection, columns: list[LogColumn]) -> Iterator[LogProblem]:
    """Find weights in a row that are no finite numbers."""
    for column in columns:
        if column.role != "weights":
            continue
        wrong, row, example = _one_row(
            connection,
            "SELECT count(DISTINCT row), min(row), arg_min(coalesce(raw, ''), row) "
            f"FROM (SELECT row, unnest({column.raw}) AS raw, unnest({column.typed}) AS typed FROM source) "
            "WHERE typed IS NULL OR isinf(typed)",
        )
        if wrong:
            message = f"{column.described} is not {column.says} in {_rows(wrong)}, first {example!r} in row {row + 1}"
            yield LogProblem(message, _HINTS[column.role])


def _one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the only row of an aggregate."""
    found = connection.execute(query).fetchone()
    if found is None:  # an aggregate always yields a row
        raise RuntimeError("DuckDB returned nothing for an aggregate")
    return found


def _count(
    connection: duckdb.DuckDBPyConnection, column: LogColumn
) -> tuple[int, int, int, str, float | None, float | None]:
    """Return how many values are empty and how many are wrong, the first wrong one, and the range of the others."""
    empty = (
        "(raw IS NULL OR lower(raw) = 'nan')" if column.role in ("number", "label", "time", "weight") else "raw IS NULL"
    )
    number = column.role in ("number", "time", "weight")
    bad = f"NOT {empty} AND (typed IS NULL{' OR isinf(typed)' if number else ''})"
    low, high = ("min(typed)", "max(typed)") if column.role == "label" else ("NULL", "NULL")
    return _one_row(
        connection,
        f"SELECT count(*) FILTER (WHERE {empty}), count(*) FILTER (WHERE {bad}), min(row) FILTER (WHERE {bad}), "
        f"arg_min(raw, row) FILTER (WHERE {bad}), {low}, {high} "
        f"FROM (SELECT row, {column.raw} AS raw, {column.typed} AS typed FROM source)",
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
