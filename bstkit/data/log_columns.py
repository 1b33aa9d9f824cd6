"""How each column of a log becomes a typed value, as SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Literal

from bstkit.config.features import ContextNumeric, Features
from bstkit.data.label_rule import LabelRule
from bstkit.data.needed_columns import id_columns, label_rules, numeric_columns, row_histories
from bstkit.data.sql import identifier, literal

Role = Literal["user", "time", "label", "id", "number", "weight", "values", "weights"]


@dataclass(frozen=True)
class LogColumn:
    """One column of the checked log.

    Args:
        name: its name in the table `log`.
        role: what it is. `"values"` and `"weights"` are lists, one element a step of a history in the row.
        raw: SQL of the value as text, NULL where empty; of a list of such texts.
        typed: SQL of the value.
        described: how errors name it.
        may_be_empty: whether NULL is a value that later steps can use.
        says: what a value that is not empty must be, for errors.
        history: the history that a list belongs to.
    """

    name: str
    role: Role
    raw: str
    typed: str
    described: str
    may_be_empty: bool
    says: str
    history: str | None = None


def log_columns(features: Features, lists: Collection[str] = (), scoring: bool = False) -> list[LogColumn]:
    """List the columns of the checked log, without `row`.

    Args:
        features: what the columns mean.
        lists: columns of the table `source` that hold lists, not texts.
        scoring: labels and numbers may be empty, as they may while serving.
    """
    raw = partial(_raw_text, features)
    user, time = features.log.user, features.log.time
    columns = [
        LogColumn("user", "user", raw(user), raw(user), f"user column {user!r}", False, "a key"),
        LogColumn("time", "time", raw(time), _seconds(raw(time)), f"time column {time!r}", False, "seconds or a date"),
    ]
    several = len(features.tasks) > 1  # an event may then be unlabelled in some of them
    may_be_empty = several or scoring
    for task, rule in label_rules(features).items():
        text, says = raw(rule.column), "0 or 1" if rule.operator is None else "a number"
        name = f"label column {rule.column!r}" + (f" of task '{task}'" if several else "")
        columns.append(LogColumn(f"label:{task}", "label", text, _label(text, rule), name, may_be_empty, says))
    for column in id_columns(features):
        columns.append(LogColumn(f"id:{column}", "id", raw(column), raw(column), f"column {column!r}", True, "a key"))
    for column in numeric_columns(features):
        feature = features.context[column]
        optional = scoring or (isinstance(feature, ContextNumeric) and feature.missing is not None)
        text, name = raw(column), f"numeric column {column!r}"
        columns.append(LogColumn(f"number:{column}", "number", text, _number(text), name, optional, "a finite number"))
    for history, table in features.history.items():
        if table.source == "events" and table.weight is not None:
            text, name = raw(table.weight), f"weight column {table.weight!r}"
            columns.append(
                LogColumn(f"weight:{history}", "weight", text, _number(text), name, False, "a finite number")
            )
    return [*columns, *_list_columns(features, lists)]


def _list_columns(features: Features, lists: Collection[str]) -> list[LogColumn]:
    """List the columns of histories that stand in the row."""
    columns = []
    for history, table in row_histories(features).items():
        for column in table.fields:
            values = _elements(features, column, table.separator, lists)
            name = f"column {column!r}"
            columns.append(
                LogColumn(f"values:{history}.{column}", "values", values, values, name, True, "a list", history)
            )
        if table.weight is not None:
            texts = _elements(features, table.weight, table.separator, lists)
            numbers, name = f"[{_number('x')} FOR x IN {texts}]", f"weight column {table.weight!r}"
            columns.append(
                LogColumn(f"weights:{history}", "weights", texts, numbers, name, False, "a finite number", history)
            )
    return columns


def _elements(features: Features, column: str, separator: str, lists: Collection[str]) -> str:
    """A column as a list of texts, NULL where an element is empty; the empty list where nothing stands there.

    Blanks around an element do not count. A separator of blanks may be repeated; between two others stands an empty
    element, so that columns beside each other stay aligned.
    """
    if column in lists:
        return f"coalesce([nullif(x, '') FOR x IN CAST({identifier(column)} AS VARCHAR[])], [])"
    split = f"string_split(nullif(trim({_raw_text(features, column)}), ''), {literal(separator)})"
    kept = " IF trim(x) <> ''" if separator.isspace() else ""
    return f"coalesce([nullif(trim(x), '') FOR x IN {split}{kept}], [])"


def typed_query(columns: list[LogColumn]) -> str:
    """Return SQL that turns the table `source` into the table `log`."""
    return "SELECT row, " + ", ".join(f"{c.typed} AS {identifier(c.name)}" for c in columns) + " FROM source"


def _raw_text(features: Features, column: str) -> str:
    """A column of the table `source` as text, NULL where empty; a derived column is made from its source."""
    if column in features.columns:
        words = f"trim(CAST({identifier(features.columns[column].first_of)} AS VARCHAR))"
        return f"nullif(split_part({words}, ' ', 1), '')"
    return f"nullif(CAST({identifier(column)} AS VARCHAR), '')"


def _number(text: str) -> str:
    """Text to a double; NULL where it is none, and where it is NaN, which counts as empty."""
    return f"CASE WHEN isnan(TRY_CAST({text} AS DOUBLE)) THEN NULL ELSE TRY_CAST({text} AS DOUBLE) END"


def _seconds(text: str) -> str:
    """Text to seconds: a number as it stands, a date or timestamp since 1970 (UTC unless it says otherwise)."""
    return f"coalesce({_number(text)}, epoch(TRY_CAST({text} AS TIMESTAMPTZ)))"


def _label(text: str, rule: LabelRule) -> str:
    if rule.operator is not None:
        return f"CAST(({_number(text)}) {rule.operator} {rule.number!r} AS DOUBLE)"
    truth = f"CASE lower({text}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 ELSE TRY_CAST({text} AS DOUBLE) END"
    return f"CASE WHEN ({truth}) IN (0.0, 1.0) THEN ({truth}) END"
