"""A features.toml in the making: its tables, and a remark for each of their lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bstkit.config.features import Features


@dataclass
class Draft:
    """Features as plain values, and what to say about them.

    Args:
        tables: as a features.toml holds them.
        notes: dotted path of a table or key, as a tuple -> the remark.
        missing: what a person has to fill in before the file can be used.
        left_out: column -> why nothing reads it.
    """

    tables: dict[str, Any] = field(default_factory=dict)
    notes: dict[tuple[str, ...], str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def features(self) -> Features:
        """The checked tables."""
        return Features.model_validate(self.tables)

    def put(self, *path: str, value: Any, note: str = "") -> None:
        """Set the value at a path, with a remark."""
        table = self.tables
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
        if note:
            self.notes[path] = note
