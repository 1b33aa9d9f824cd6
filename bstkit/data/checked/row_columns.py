"""Histories that stand in the row: their columns, and which of the steps in them are real, as SQL.

Each column becomes a list of texts, one a step. What `padding` or `mask_column` says is no step is left out, and
`newest_first` turned round: what remains are the real steps, oldest first, and the same ones in every column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from bstkit.config.features import Features, History
from bstkit.data.checked.log_column import WORDS, LogColumn, Role, raw_name
from bstkit.data.checked.log_values import number, seconds, texts_of, truth
from bstkit.data.checked.needed_columns import row_histories
from bstkit.data.sql import identifier, literal


def row_columns(features: Features, lists: Collection[str]) -> list[LogColumn]:
    """List the columns of histories that stand in the row.

    Args:
        features: what the columns mean.
        lists: columns of the table `source` that hold lists, not texts.
    """
    columns = []
    for history, table in row_histories(features).items():
        for role, name, column, typed in _made(history, table, features.log.time_unit):
            kind, says = WORDS[role]
            columns.append(
                LogColumn(
                    name=name,
                    role=role,
                    column=column,
                    raw=texts_of(features, column, table.separator, column in lists),
                    typed=f"[{typed} FOR x IN {raw_name(name)}]" if role != "values" else raw_name(name),
                    described=f"{kind} {column!r}",
                    may_be_empty=role == "values",
                    says=says,
                    history=history,
                )
            )
    return columns


def members(columns: Collection[LogColumn]) -> dict[str, list[LogColumn]]:
    """Map each history that stands in the row to its columns."""
    by_history = defaultdict(list)
    for column in columns:
        if column.history is not None:
            by_history[column.history].append(column)
    return dict(by_history)


def lengths_name(history: str) -> str:
    """SQL of the number of values in each column of a history, padding included, in the order of `members`."""
    return identifier(f"lengths:{history}")


def unequal(history: str) -> str:
    """SQL, true where the columns of a history are not equally long."""
    return f"list_min({lengths_name(history)}) <> list_max({lengths_name(history)})"


def with_real_steps(query: str, columns: Collection[LogColumn], histories: Mapping[str, History]) -> str:
    """Return SQL that adds the lengths of each history's columns, and leaves real steps only in their texts.

    Args:
        query: SQL with the texts of each column.
        columns: of the log.
        histories: those that features.toml names.
    """
    for name, group in members(columns).items():
        lengths = ", ".join(f"len({raw_name(column.name)})" for column in group)
        real = _real(histories[name], group)
        also = f", {real} AS {_real_name(name)}" if real is not None else ""
        query = f"SELECT *, [{lengths}] AS {lengths_name(name)}{also} FROM ({query})"
        replaced = []
        for column in group:
            steps = text = raw_name(column.name)
            if real is not None:
                steps = f"CASE WHEN {unequal(name)} THEN [] ELSE list_where({steps}, {_real_name(name)}) END"
            if histories[name].newest_first:
                steps = f"list_reverse({steps})"
            if steps != text and column.role != "mask":
                replaced.append(f"{steps} AS {text}")
        if replaced:
            query = f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({query})"
    return query


def _made(history: str, table: History, time_unit: str) -> list[tuple[Role, str, str, str]]:
    """Role, name, the log's column, and SQL of one value of the text `x`."""
    made: list[tuple[Role, str, str, str]] = [
        ("values", f"values:{history}.{column}", column, "x") for column in table.fields
    ]
    if table.weight is not None:
        made.append(("weights", f"weights:{history}", table.weight, number("x")))
    if table.time is not None:
        made.append(("times", f"times:{history}", table.time, seconds("x", time_unit)))
    if table.mask_column is not None:
        made.append(("mask", f"mask:{history}", table.mask_column, truth("x")))
    return made


def _real(history: History, group: list[LogColumn]) -> str | None:
    """Which steps are real, as a list of booleans; None where all are."""
    conditions = []
    if history.padding is not None:
        keys = raw_name(group[0].name)
        conditions.append(f"[x IS DISTINCT FROM nullif({literal(history.padding)}, '') FOR x IN {keys}]")
    for column in group:
        if column.role == "mask":  # what is neither 0 nor 1 makes the row a bad one
            conditions.append(f"[coalesce({truth('x')}, 0.0) = 1.0 FOR x IN {raw_name(column.name)}]")
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return f"[coalesce(pair[1] AND pair[2], false) FOR pair IN list_zip({', '.join(conditions)})]"


def _real_name(history: str) -> str:
    return identifier(f"real:{history}")
