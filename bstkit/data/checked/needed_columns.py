"""Which columns features.toml asks of a log, and for what."""

from __future__ import annotations

from dataclasses import dataclass

from bstkit.config.features import ContextId, Features, History
from bstkit.data.checked.label_rule import LabelRule, parse_label


@dataclass(frozen=True)
class NeededColumn:
    """A column that a log must have.

    Args:
        name: the column in the log.
        asked_by: the place in features.toml that names it, such as `[target] item_id`.
        may_be_list: whether only histories that stand in the row read it.
        is_label: whether only labels read it.
    """

    name: str
    asked_by: str
    may_be_list: bool = False
    is_label: bool = False


def id_columns(features: Features) -> dict[str, str]:
    """Map each column that holds one id a row to its space: target, then histories of events, then context."""
    columns = dict(features.target)
    for history in features.history.values():
        if history.source == "events":
            columns |= history.fields
    return columns | {name: column.space for name, column in features.context.items() if isinstance(column, ContextId)}


def row_histories(features: Features) -> dict[str, History]:
    """Return the histories whose steps stand in the row itself."""
    return {name: history for name, history in features.history.items() if history.source == "row"}


def numeric_columns(features: Features) -> list[str]:
    """List the numeric context columns."""
    return [name for name, column in features.context.items() if not isinstance(column, ContextId)]


def label_rules(features: Features) -> dict[str, LabelRule]:
    """Map each task to the rule that makes its label; empty where every event is a positive of the task `ctr`."""
    return {task: parse_label(text) for task, text in features.log.labels.items()}


def needed_label(features: Features) -> str | None:
    """Return the log's column behind the first task's label, which says what is positive; None where every event is."""
    rules = label_rules(features)
    if not rules:
        return None
    column = next(iter(rules.values())).column
    return features.columns[column].first_of if column in features.columns else column


def needed_columns(features: Features, scoring: bool = False) -> list[NeededColumn]:
    """List every column to read, once each, with the first place that asks for it.

    A derived column is not in the log: its source is listed in its stead.

    Args:
        features: what the columns mean.
        scoring: the log is not split.
    """
    asked: dict[str, NeededColumn] = {}

    def ask(name: str | None, place: str, may_be_list: bool = False, is_label: bool = False) -> None:
        if name is None:
            return
        if name in features.columns:
            name, place, may_be_list = features.columns[name].first_of, f"[columns] {name}", False
        before = asked.get(name)
        if before is None or (before.may_be_list and not may_be_list) or (before.is_label and not is_label):
            asked[name] = NeededColumn(name, place, may_be_list, is_label)  # the strictest place speaks for the column

    ask(features.log.user, "[log] user")
    ask(features.log.time, "[log] time")
    for task, rule in label_rules(features).items():
        ask(rule.column, f"[log] labels.{task}", is_label=True)
    for column in features.target:
        ask(column, f"[target] {column}")
    for name, history in features.history.items():
        in_row = history.source == "row"
        for column in history.fields:
            ask(column, f"[history.{name}] fields.{column}", in_row)
        for key, one in (("weight", history.weight), ("mask_column", history.mask_column), ("time", history.time)):
            ask(one, f"[history.{name}] {key}", in_row)
    for column in features.context:
        ask(column, f"[context] {column}")
    if not scoring:
        ask(features.split.column, "[split] column")
    return list(asked.values())
