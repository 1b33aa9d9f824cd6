"""What makes a row of a log unusable: one condition each, as SQL over `checked_query`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bstkit.data.checked.log_column import LogColumn, raw_name
from bstkit.data.checked.row_columns import lengths_name, members, unequal
from bstkit.data.sql import identifier, literal

_HINTS = {
    "user": "every event needs its user: remove or complete these rows",
    "time": "write seconds since 1970, or dates such as 2024-05-01 12:00:00",
    "label": 'correct these rows, or state a condition in features.toml:  labels = { ctr = "rating >= 4" }',
    "number": "correct these rows, or say what stands for a missing value in features.toml:  missing = 0.0",
    "weight": "every event needs its weight: correct or complete these rows",
    "split": "write train, validation or test in every row",
    "weights": "correct these rows: write one number a step",
    "times": "correct these rows: write the time of each step as that of the row",
    "mask": "correct these rows: write one 0 or 1 a step",
}
_NUMERIC = ("time", "label", "number", "weight")
"""Roles whose values are numbers, where NaN counts as empty."""


@dataclass(frozen=True)
class RowCheck:
    """One thing that makes a row unusable.

    Args:
        column: the log's column, or columns, that it is about.
        described: how errors name what is wrong.
        reason: what is wrong with it; follows on `described`.
        wrong: SQL, true where a row is wrong.
        value: SQL of the offending value as text, NULL where there is none.
        hint: what to do about it.
        quoted: whether errors quote the value; else it is a phrase of ours.
    """

    column: str
    described: str
    reason: str
    wrong: str
    value: str
    hint: str
    quoted: bool = True


def row_checks(columns: Sequence[LogColumn]) -> list[RowCheck]:
    """List what may be wrong with a row: empty, unreadable or broken values, and histories that do not fit together.

    Args:
        columns: of the log.
    """
    checks = [_unequal_lengths(history, group) for history, group in members(columns).items() if len(group) > 1]
    keys = {column.column: column for column in reversed(columns) if column.role in ("user", "id", "values")}
    for column in columns:
        if keys.get(column.column) is column:  # several places may read one column; the first tells
            checks.append(_line_break(column))
        if column.role in ("weights", "times", "mask"):
            checks.append(_unreadable_steps(column))
        elif column.role not in ("id", "values"):
            checks += _one_value(column)
        if column.role == "time":
            checks.append(_negative(column))
        if column.role == "times":
            checks += _step_times(column)
    return checks


def _one_value(column: LogColumn) -> Iterator[RowCheck]:
    raw, typed = raw_name(column.name), identifier(column.name)
    empty = f"{raw} IS NULL"
    if column.role in _NUMERIC:
        empty = f"({empty} OR {typed} IS NULL AND lower({raw}) = 'nan')"
    hint = _HINTS[column.role]
    if not column.may_be_empty:
        yield RowCheck(column.column, column.described, "is empty", empty, "NULL", hint)
    if column.role != "user":
        infinite = f" OR isinf({typed})" if column.role in ("time", "number", "weight") else ""
        wrong = f"NOT {empty} AND ({typed} IS NULL{infinite})"
        yield RowCheck(column.column, column.described, f"is not {column.says}", wrong, raw, hint)


def _negative(column: LogColumn) -> RowCheck:
    typed, hint = identifier(column.name), "events before 1970 cannot be used: correct these rows"
    wrong = f"{typed} < 0 AND NOT isinf({typed})"
    return RowCheck(column.column, column.described, "is negative", wrong, raw_name(column.name), hint)


def _line_break(column: LogColumn) -> RowCheck:
    """A vocabulary is a file with one key a line."""
    text = raw_name(column.name)
    if column.role == "values":
        text = f"array_to_string({text}, ' ')"
    wrong = f"contains({text}, chr(10)) OR contains({text}, chr(13))"
    hint = "remove line breaks from the ids"
    return RowCheck(column.column, column.described, "holds a key with a line break", wrong, text, hint)


def _unequal_lengths(history: str, group: list[LogColumn]) -> RowCheck:
    lengths = lengths_name(history)
    counts = ", ', ', ".join(
        f"{lengths}[{place}], {literal(f' in {column.described}')}" for place, column in enumerate(group, 1)
    )
    return RowCheck(
        ", ".join(column.column for column in group),
        f"history '{history}'",
        "has columns that are not equally long",
        unequal(history),
        f"concat({counts})",
        "write as many values in each of them, or make each a history of its own",
        quoted=False,
    )


def _unreadable_steps(column: LogColumn) -> RowCheck:
    """A list with an element that is no value; only real steps stand in the texts, but for a mask."""
    first = _first_unreadable(column)
    value = f"coalesce({raw_name(column.name)}[{first}], '')"
    reason = f"is not {column.says}"
    return RowCheck(column.column, column.described, reason, f"{first} > 0", value, _HINTS[column.role])


def _first_unreadable(column: LogColumn) -> str:
    """Place, from 1, of the first element that is no value; 0 or NULL where there is none."""
    bad = "v IS NULL" if column.role == "mask" else "v IS NULL OR isinf(v)"
    return f"list_position([{bad} FOR v IN {identifier(column.name)}], true)"


def _step_times(column: LogColumn) -> Iterator[RowCheck]:
    """Steps are older than their row, or the model would be shown what it should predict; and oldest first."""
    times, texts = identifier(column.name), raw_name(column.name)
    readable = f"coalesce({_first_unreadable(column)}, 0) = 0"
    for reason, wrong, hint in (
        ("is negative", f"list_min({times}) < 0", "steps before 1970 cannot be used: correct these rows"),
        (
            "has a step that is not older than its row",
            f'list_max({times}) >= "time"',
            "a model would read the future: leave these steps out of the log",
        ),
        (
            "is not in rising order",
            f"list_sort({times}) <> {times}",
            "write steps from the oldest to the most recent, or set newest_first = true",
        ),
    ):
        value = f"array_to_string({texts}, ' ')"
        yield RowCheck(column.column, column.described, reason, f"{readable} AND {wrong}", value, hint)
