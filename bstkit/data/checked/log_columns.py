"""The columns of a checked log, and the SQL that makes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from bstkit.config.features import ContextNumeric, Features
from bstkit.data.checked.label_rule import LabelRule
from bstkit.data.checked.log_column import WORDS, LogColumn, Role, raw_name
from bstkit.data.checked.log_values import label, number, seconds, text_of
from bstkit.data.checked.needed_columns import id_columns, label_rules, numeric_columns
from bstkit.data.checked.row_columns import row_columns, with_real_steps
from bstkit.data.dataset import SPLITS
from bstkit.data.sql import identifier, literal


def log_columns(features: Features, lists: Collection[str] = (), scoring: bool = False) -> list[LogColumn]:
    """List the columns of the checked log, without `row`.

    Args:
        features: what the columns mean.
        lists: columns of the table `source` that hold lists, not texts.
        scoring: labels and numbers may be empty, as they may while serving, and nothing is split.
    """
    one = partial(_one, features)
    time = seconds(raw_name("time"), features.log.time_unit)
    columns = [
        one("user", "user", features.log.user, raw_name("user")),
        one("time", "time", features.log.time, time),
        *_labels(features, scoring),
    ]
    for column in id_columns(features):
        name = f"id:{column}"
        columns.append(one(name, "id", column, raw_name(name), may_be_empty=True))
    for column in numeric_columns(features):
        name, feature = f"number:{column}", features.context[column]
        optional = scoring or (isinstance(feature, ContextNumeric) and feature.missing is not None)
        columns.append(one(name, "number", column, number(raw_name(name)), may_be_empty=optional))
    for history, table in features.history.items():
        if table.source == "events" and table.weight is not None:
            name = f"weight:{history}"
            columns.append(one(name, "weight", table.weight, number(raw_name(name))))
    if features.split.column is not None and not scoring:
        cases = " ".join(f"WHEN {literal(split)} THEN {place}" for place, split in enumerate(SPLITS))
        typed = f"CAST(CASE {raw_name('given_split')} {cases} END AS TINYINT)"
        columns.append(one("given_split", "split", features.split.column, typed))
    return [*columns, *row_columns(features, lists)]


def checked_query(columns: Sequence[LogColumn], features: Features) -> str:
    """Return SQL with `row`, the text and the value of each column, and the lengths of histories in the row.

    It reads the table `source`. A value that cannot be used is NULL.
    """
    texts = ", ".join(f"{column.raw} AS {raw_name(column.name)}" for column in columns)
    query = with_real_steps(f"SELECT row, {texts} FROM source", columns, features.history)
    values = ", ".join(f"{column.typed} AS {identifier(column.name)}" for column in columns)
    return f"SELECT *, {values} FROM ({query})"


def _one(
    features: Features, name: str, role: Role, column: str, typed: str, *, may_be_empty: bool = False
) -> LogColumn:
    """A column with one value a row."""
    kind, says = WORDS[role]
    return LogColumn(name, role, column, text_of(features, column), typed, f"{kind} {column!r}", may_be_empty, says)


def _labels(features: Features, scoring: bool) -> list[LogColumn]:
    """One column a task; without labels every event is a positive of the only one."""
    if not features.log.labels:
        (task,) = features.tasks
        return [LogColumn(f"label:{task}", "label", "", "'1'", "CAST(1 AS DOUBLE)", f"task '{task}'", False, "1")]
    several = len(features.tasks) > 1  # an event may then be unlabelled in some of them
    columns = []
    for task, rule in label_rules(features).items():
        name, described = f"label:{task}", f"label column {rule.column!r}" + (f" of task '{task}'" if several else "")
        typed = label(raw_name(name), rule)
        raw = text_of(features, rule.column)
        columns.append(
            LogColumn(name, "label", rule.column, raw, typed, described, several or scoring, _label_says(rule))
        )
    return columns


def _label_says(rule: LabelRule) -> str:
    if rule.operator is None:
        return "0 or 1"
    return "a number" if rule.text is None else "a text"
