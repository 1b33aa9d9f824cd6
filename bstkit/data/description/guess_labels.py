"""Guess what says that an event was a click: zeros and ones first, then ratings, then kinds of events."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from bstkit.data.checked.label_rule import parse_label
from bstkit.data.description.column_names import (
    BEHAVIOURS,
    CLICKED,
    CLICKS,
    KINDS_OF_EVENTS,
    LATER_LABELS,
    RATINGS,
    SHOWN,
    best_named,
    plain,
)
from bstkit.data.description.facts import ColumnFacts
from bstkit.data.sql import identifier

_REACHED = 0.6
"""A rating counts as a positive from the lowest value on that at most this share of the events reaches."""


@dataclass(frozen=True)
class Labels:
    """The labels of a log.

    Args:
        conditions: task -> column or condition.
        why: task -> the reason.
        behaviour: a text column of kinds of events; None without one.
        kinds: what it holds, the most frequent first.
    """

    conditions: dict[str, str]
    why: dict[str, str]
    behaviour: str | None
    kinds: tuple[str, ...]

    @property
    def read(self) -> set[str]:
        """Columns that the conditions read."""
        return {parse_label(condition).column for condition in self.conditions.values()}

    @property
    def columns(self) -> set[str]:
        """Columns that say what happened; none of them is known beforehand."""
        return self.read | ({self.behaviour} if self.behaviour else set())


def guess_labels(connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnFacts]) -> Labels:
    """Guess from the table `source` and those of its columns that hold one value a row."""
    taken = {column.name for column in columns}
    kinds = {column.name: _kinds(connection, column) for column in columns if plain(column.name) in BEHAVIOURS}
    behaviour = best_named([column for column in columns if kinds.get(column.name)], BEHAVIOURS)
    held = kinds[behaviour.name] if behaviour else ()
    why: dict[str, str] = {}
    conditions = _binary(columns, taken, why)
    rating = best_named([one for one in columns if one.distinct > 1 and one.numbers and not one.texts], RATINGS)
    if not conditions and rating is not None:
        task = task_name("ctr", taken)
        conditions[task], why[task] = _reached(connection, rating)
    clicked = next((kind for kind in held if plain(kind) in CLICKED), None)
    if not conditions and behaviour and clicked and any(plain(kind) in SHOWN for kind in held):
        task = task_name("ctr", taken)
        conditions[task], why[task] = f"{behaviour.name} == '{clicked}'", "its name, and what it holds"
    return Labels(conditions, why, behaviour.name if behaviour else None, held)


def is_binary(column: ColumnFacts) -> bool:
    """Whether it holds zeros and ones, and both."""
    if column.distinct == 2 and column.example.lower() in ("true", "false"):
        return True
    return bool(column.numbers) and (column.low, column.high) == (0.0, 1.0) and column.whole == column.numbers


def task_name(name: str, taken: Collection[str]) -> str:
    """A task's name must not be that of an input."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII)
    name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
    return f"is_{name}" if name in taken or f"{name}_logit" in taken else name


def _binary(columns: Sequence[ColumnFacts], taken: set[str], why: dict[str, str]) -> dict[str, str]:
    """Columns of zeros and ones: the click, and what may follow it."""
    binary = [column for column in columns if is_binary(column)]
    click = best_named(binary, CLICKS)
    found = {} if click is None else {task_name("ctr", taken - {click.name}): click.name}
    for column in binary:
        if column is not click and plain(column.name) in LATER_LABELS:
            found[task_name(column.name, taken - {column.name})] = column.name
    why |= dict.fromkeys(found, "zeros and ones, and its name")
    return found


def _reached(connection: duckdb.DuckDBPyConnection, rating: ColumnFacts) -> tuple[str, str]:
    """A condition on a rating, and the reason."""
    number = f"TRY_CAST({identifier(rating.name)} AS DOUBLE)"
    counted = connection.execute(
        f"SELECT {number} AS v, count(*) FROM source WHERE isfinite({number}) GROUP BY v ORDER BY v DESC LIMIT 1000"
    ).fetchall()
    reached, threshold = 0, float(counted[0][0])
    for value, count in counted:
        if reached and (reached + count) / rating.numbers > _REACHED:
            break
        reached, threshold = reached + count, float(value)
    why = (
        f"its name. {reached / rating.numbers:.0%} of the ratings reach {threshold:g}: a proxy of a click, since "
        "people rate what they chose"
    )
    return f"{rating.name} >= {threshold:g}", why


def _kinds(connection: duckdb.DuckDBPyConnection, column: ColumnFacts) -> tuple[str, ...]:
    """The kinds of events in a column, the most frequent first; none where it holds something else."""
    if column.numbers or column.distinct > 30:
        return ()
    text = f"CAST({identifier(column.name)} AS VARCHAR)"
    query = f"SELECT {text} FROM source WHERE {text} <> '' GROUP BY 1 ORDER BY count(*) DESC, 1"
    values = tuple(str(value) for (value,) in connection.execute(query).fetchall())
    return values if any(plain(value) in KINDS_OF_EVENTS for value in values) else ()
