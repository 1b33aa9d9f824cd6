"""What a sweep found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bstkit.sweep.outcome import Outcome
from bstkit.sweep.table import COLUMNS, LABELS, table_rows

Metric = Literal["auc", "gauc", "log_loss"]


@dataclass(frozen=True)
class Ranked:
    """One combination of a sweep.

    Args:
        settings: what it chose, as `--set` takes it.
        value: mean of the validation metric over the seeds; None where it was refused.
        outcomes: one a seed; none where it was refused.
        refused: why it cannot be trained; empty where it was.
    """

    settings: tuple[str, ...]
    value: float | None
    outcomes: tuple[Outcome, ...]
    refused: str = ""

    @property
    def name(self) -> str:
        """What it chose, in a few words."""
        return ", ".join(self.settings)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Args:
        folder: where all of it lies.
        metric: by whose validation value combinations are ranked.
        ranked: the best first, refused ones last.
    """

    folder: Path
    metric: Metric
    ranked: tuple[Ranked, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Titles of `rows`."""
        return (f"validation {LABELS[self.metric]}", *COLUMNS)

    def rows(self) -> list[tuple[str, ...]]:
        """The table: a row a combination that was trained, then the baselines."""
        return table_rows({one.name: one.outcomes for one in self.ranked}, validation=self.metric)

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain data."""
        ranked = [
            {
                "settings": list(one.settings),
                "value": one.value,
                "refused": one.refused,
                "outcomes": [outcome.model_dump() for outcome in one.outcomes],
            }
            for one in self.ranked
        ]
        return {"folder": str(self.folder), "metric": self.metric, "ranked": ranked}
