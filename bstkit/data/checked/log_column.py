"""What one column of a checked log is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bstkit.data.sql import identifier

Role = Literal["user", "time", "label", "id", "number", "weight", "split", "values", "weights", "times", "mask"]

WORDS: dict[Role, tuple[str, str]] = {
    "user": ("user column", "a key"),
    "time": ("time column", "seconds or a date"),
    "label": ("label column", "0 or 1"),
    "id": ("column", "a key"),
    "number": ("numeric column", "a finite number"),
    "weight": ("weight column", "a finite number"),
    "split": ("split column", "train, validation or test"),
    "values": ("column", "a key"),
    "weights": ("weight column", "a finite number"),
    "times": ("time column", "seconds or a date"),
    "mask": ("mask column", "0 or 1"),
}
"""How errors name each kind of column, and what its values must be."""


@dataclass(frozen=True)
class LogColumn:
    """One column of the checked log.

    Args:
        name: its name in the table `log`.
        role: what it is. `"values"`, `"weights"`, `"times"` and `"mask"` are lists, one element a step of a history in
            the row; `"mask"` says which steps are real and is not part of the table `log`.
        column: the column of the file that it is made of.
        raw: SQL of the value as text, NULL where empty, over the table `source`; of a list of such texts.
        typed: SQL of the value, over its text `raw_name(name)`.
        described: how errors name it.
        may_be_empty: whether NULL is a value that later steps can use.
        says: what a value that is not empty must be, for errors.
        history: the history that a list belongs to.
    """

    name: str
    role: Role
    column: str
    raw: str
    typed: str
    described: str
    may_be_empty: bool
    says: str
    history: str | None = None


def raw_name(name: str) -> str:
    """SQL of the text, or texts, that a column of the log is made of."""
    return identifier(f"raw:{name}")
