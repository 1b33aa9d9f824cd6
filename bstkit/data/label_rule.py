"""What makes a row positive: a column of zeros and ones, or a condition on a number."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONDITION = re.compile(r"(?P<column>.*?)\s*(?P<operator>>=|<=|==|>|<)\s*(?P<number>[-+]?[0-9.]+(?:[eE][-+]?\d+)?)")


@dataclass(frozen=True)
class LabelRule:
    """How a task's label is made.

    Args:
        column: the column that it reads.
        operator: `>=`, `<=`, `==`, `>` or `<`; None where the column holds the label itself.
        number: what the column is compared with.
    """

    column: str
    operator: str | None = None
    number: float | None = None


def parse_label(text: str) -> LabelRule:
    """Parse a column's name, or a condition such as `"rating >= 4"`."""
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        return LabelRule(text.strip())
    try:
        number = float(match["number"])
    except ValueError:
        return LabelRule(text.strip())
    return LabelRule(match["column"].strip(), match["operator"], number)
