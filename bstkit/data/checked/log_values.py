"""How the text in a cell of a log becomes a value, as SQL."""

from __future__ import annotations

from bstkit.config.features import Features
from bstkit.data.checked.label_rule import LabelRule
from bstkit.data.sql import identifier, literal

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
"""How many of each `time_unit` make a second."""


def text_of(features: Features, column: str) -> str:
    """A column of the table `source` as text, NULL where empty; a derived column is made from its source."""
    if column in features.columns:
        words = f"trim(CAST({identifier(features.columns[column].first_of)} AS VARCHAR))"
        return f"nullif(split_part({words}, ' ', 1), '')"
    return f"nullif(CAST({identifier(column)} AS VARCHAR), '')"


def texts_of(features: Features, column: str, separator: str, is_list: bool) -> str:
    """A column as a list of texts, NULL where an element is empty; the empty list where nothing stands there.

    Blanks around an element do not count. A separator of blanks may be repeated; between two others stands an empty
    element, so that columns beside each other stay aligned.
    """
    if is_list:
        return f"coalesce([nullif(x, '') FOR x IN CAST({identifier(column)} AS VARCHAR[])], [])"
    split = f"string_split(nullif(trim({text_of(features, column)}), ''), {literal(separator)})"
    kept = " IF trim(x) <> ''" if separator.isspace() else ""
    return f"coalesce([nullif(trim(x), '') FOR x IN {split}{kept}], [])"


def number(text: str) -> str:
    """Text to a double; NULL where it is none, and where it is NaN, which counts as empty."""
    return f"nullif(TRY_CAST({text} AS DOUBLE), CAST('nan' AS DOUBLE))"


def seconds(text: str, unit: str) -> str:
    """Text to seconds since 1970: a number in `unit`, or a date or timestamp (UTC unless it says otherwise)."""
    return f"coalesce({number(text)} / {PER_SECOND[unit]}, epoch(TRY_CAST({text} AS TIMESTAMPTZ)))"


def truth(text: str) -> str:
    """Text to 0.0 or 1.0; NULL where it is neither."""
    word = f"CASE lower({text}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END"
    value = f"coalesce(TRY_CAST({text} AS DOUBLE), {word})"
    return f"CASE WHEN {value} IN (0.0, 1.0) THEN {value} END"


def label(text: str, rule: LabelRule) -> str:
    """Text to a label: 0.0 or 1.0; NULL where the rule cannot tell."""
    if rule.operator is None:
        return truth(text)
    if rule.text is not None:
        return f"CAST({text} = {literal(rule.text)} AS DOUBLE)"
    return f"CAST({number(text)} {rule.operator} {rule.number!r} AS DOUBLE)"
