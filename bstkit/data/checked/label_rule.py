"""What makes a row positive: a column of zeros and ones, or a condition on a number or a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONDITION = re.compile(r"(?P<column>.*?)\s*(?P<operator>>=|<=|==|>|<)\s*(?P<number>[-+]?[0-9.]+(?:[eE][-+]?\d+)?)")
_EQUALS_TEXT = re.compile(r"(?P<column>.*?)\s*==\s*(?P<quote>['\"])(?P<text>.*)(?P=quote)")


@dataclass(frozen=True)
class LabelRule:
    """How a task's label is made.

    Args:
        column: the column that it reads.
        operator: `>=`, `<=`, `==`, `>` or `<`; None where the column holds the label itself.
        number: what the column is compared with.
        text: what it is compared with where that is a text; the operator is then `==`.
    """

    column: str
    operator: str | None = None
    number: float | None = None
    text: str | None = None


def parse_label(text: str) -> LabelRule:
    """Parse a column's name, or a condition such as `"rating >= 4"` or `"behavior == 'buy'"`.

    A text stands in quotes, single or double, and is compared as it stands, letter by letter.
    """
    match = _EQUALS_TEXT.fullmatch(text.strip())
    if match is not None:
        return LabelRule(match["column"].strip(), "==", text=match["text"])
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        return LabelRule(text.strip())
    try:
        number = float(match["number"])
    except ValueError:
        return LabelRule(text.strip())
    return LabelRule(match["column"].strip(), match["operator"], number)
