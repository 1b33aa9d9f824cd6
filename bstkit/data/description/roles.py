"""Guess which columns say who, what, when and whether, from their names first and their values next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb

from bstkit.data.description.column_names import (
    BEHAVIOURS,
    CLICKS,
    ITEMS,
    KINDS_OF_EVENTS,
    LATER_LABELS,
    RATINGS,
    TIMES,
    USERS,
    plain,
)
from bstkit.data.description.database import one_row
from bstkit.data.description.facts import ColumnFacts
from bstkit.data.sql import identifier

_EPOCH = (2e8, 4.1e9)
"""Seconds since 1970 between 1976 and 2099."""
_SCALES = {"s": 1.0, "ms": 1e3, "us": 1e6}
_REACHED = 0.6
"""A rating counts as a positive from the lowest value on that at most this share of the events reaches."""


@dataclass(frozen=True)
class Roles:
    """What the main columns are; None where none was found.

    Args:
        user, item, time: columns.
        time_unit: of times that are numbers.
        labels: task -> column or condition.
        behaviour: a text column of kinds of events, which no condition can read.
        why: column or task -> the reason, in a few words.
    """

    user: str | None
    item: str | None
    time: str | None
    time_unit: str
    labels: dict[str, str]
    behaviour: str | None
    why: dict[str, str] = field(default_factory=dict)


def time_unit(column: ColumnFacts) -> str | None:
    """The unit in which all numbers of a column are times of our age; None where they are not."""
    if not column.numbers or column.low is None or column.high is None:
        return None
    low, high = _EPOCH
    return next(
        (unit for unit, scale in _SCALES.items() if low * scale <= column.low <= column.high <= high * scale), None
    )


def is_binary(column: ColumnFacts) -> bool:
    """Whether it holds zeros and ones, and both."""
    if column.distinct == 2 and column.example.lower() in ("true", "false"):
        return True
    return bool(column.numbers) and (column.low, column.high) == (0.0, 1.0) and column.whole == column.numbers


def guess_roles(connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnFacts]) -> Roles:
    """Guess from the table `source` and its columns."""
    why: dict[str, str] = {}
    rows = int(one_row(connection, "SELECT count(*) FROM source")[0])
    single = [column for column in columns if not column.is_list and not column.is_nested and column.missing < rows]
    labels, behaviour = _labels(connection, single, rows, why)
    taken = {*labels.values(), behaviour} | {condition.split(" ")[0] for condition in labels.values()}
    free = [column for column in single if column.name not in taken]
    time = _by_name(free, TIMES, _may_be_time, why, "its name")
    time = time or next((one for one in free if time_unit(one) or _is_dates(one)), None)
    if time is not None:
        why.setdefault(time.name, "its values are times")
    free = [column for column in free if column is not time and not _is_dates(column)]
    user = _by_name(free, USERS, lambda one: True, why, "its name")
    free = [column for column in free if column is not user]
    item = _by_name(free, ITEMS, lambda one: True, why, "its name")
    keys = [column for column in free if column is not item and _is_key(column, rows)]
    if user is None and keys:
        user = keys.pop(0)
        why[user.name] = "the first column that looks like keys: check it"
    if item is None and keys:
        item = keys.pop(0)
        why[item.name] = "the next column that looks like keys: check it"
    return Roles(
        user=user.name if user else None,
        item=item.name if item else None,
        time=time.name if time else None,
        time_unit=(time_unit(time) if time else None) or "s",
        labels=labels,
        behaviour=behaviour,
        why=why,
    )


def _by_name(
    columns: Sequence[ColumnFacts],
    names: Sequence[str],
    fits: Callable[[ColumnFacts], bool],
    why: dict[str, str],
    reason: str,
) -> ColumnFacts | None:
    """The column with the best-known name."""
    fitting = {plain(column.name): column for column in reversed(columns) if fits(column)}
    found = next((fitting[name] for name in names if name in fitting), None)
    if found is not None:
        why[found.name] = reason
    return found


def _labels(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnFacts], rows: int, why: dict[str, str]
) -> tuple[dict[str, str], str | None]:
    """Columns of zeros and ones come first, then ratings; what people did as text is only named."""
    taken = {column.name for column in columns}
    binary = [column for column in columns if is_binary(column)]
    labels: dict[str, str] = {}
    click = _by_name(binary, CLICKS, lambda one: True, why, "zeros and ones, and its name")
    if click is not None:
        labels[_task("ctr", taken - {click.name})] = click.name
    for column in binary:
        if column is not click and plain(column.name) in LATER_LABELS:
            why[column.name] = "zeros and ones, and its name"
            labels[_task(re.sub(r"\W", "_", column.name), taken - {column.name})] = column.name
    if not labels:
        rating = _by_name(columns, RATINGS, lambda one: one.distinct > 1 and one.numbers > 0 and not one.texts, why, "")
        if rating is not None:
            labels[_task("ctr", taken)] = _rating_condition(connection, rating, rows, why)
    behaviour = _by_name(columns, BEHAVIOURS, lambda one: _holds_kinds_of_events(connection, one), why, "its name")
    return labels, behaviour.name if behaviour else None


def _holds_kinds_of_events(connection: duckdb.DuckDBPyConnection, column: ColumnFacts) -> bool:
    if column.numbers or column.distinct > 30:
        return False
    values = connection.execute(
        f"SELECT DISTINCT lower(CAST({identifier(column.name)} AS VARCHAR)) FROM source"
    ).fetchall()
    return any(value in KINDS_OF_EVENTS for (value,) in values)


def _task(name: str, taken: set[str]) -> str:
    """A task's name must not be that of an input."""
    name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
    return f"is_{name}" if name in taken or f"{name}_logit" in taken else name


def _rating_condition(
    connection: duckdb.DuckDBPyConnection, rating: ColumnFacts, rows: int, why: dict[str, str]
) -> str:
    number = f"TRY_CAST({identifier(rating.name)} AS DOUBLE)"
    counted = connection.execute(
        f"SELECT {number} AS v, count(*) FROM source WHERE isfinite({number}) GROUP BY v ORDER BY v DESC LIMIT 1000"
    ).fetchall()
    reached, threshold = 0, float(counted[0][0])
    for value, count in counted:
        if reached and (reached + count) / rows > _REACHED:
            break
        reached, threshold = reached + count, float(value)
    shown = f"{threshold:g}"
    why[rating.name] = (
        f"its name. {reached / rows:.0%} of the events reach {shown}: a proxy of a click, "
        "since people rate what they chose"
    )
    return f"{rating.name} >= {shown}"


def _may_be_time(column: ColumnFacts) -> bool:
    """Most of what stands there is a number or a date."""
    return max(column.numbers, column.dates) > column.texts - column.dates + column.nans


def _is_dates(column: ColumnFacts) -> bool:
    return bool(column.dates) and not column.numbers


def _is_key(column: ColumnFacts, rows: int) -> bool:
    """Whole numbers or short texts, many different ones, many of them several times."""
    if column.numbers and column.whole < column.numbers:
        return False
    return column.longest <= 64 and 2 <= column.distinct <= 0.9 * rows and time_unit(column) is None
