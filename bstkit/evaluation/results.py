"""What `evaluate` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bstkit.metrics.calibration import BINS
from bstkit.metrics.intervals import CONFIDENCE, FEWEST_USERS, RESAMPLES
from bstkit.metrics.quality import Quality

METHOD = (
    f"bootstrap over users, {RESAMPLES} resamples, fixed seed: a {CONFIDENCE:.0%} interval is the value plus and minus "
    f"1.96 standard deviations; none for fewer than {FEWEST_USERS} users"
)


@dataclass(frozen=True)
class Measured:
    """Scores of some rows.

    Args:
        quality: every metric.
        margin: metric -> half width of its interval; None where it has none.
    """

    quality: Quality
    margin: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """Metrics, and their margins under `margin`."""
        return {**asdict(self.quality), "margin": dict(self.margin)}


@dataclass(frozen=True)
class TaskEvaluation:
    """One task.

    Args:
        model: the model's scores of all rows that have a label of the task.
        constants: always predicting one probability, on the same rows: `"rate of these rows"`, and
            `"rate in training"` where the run knows it.
        slices: slice -> part -> the model's scores of its rows.
    """

    model: Measured
    constants: Mapping[str, Quality]
    slices: Mapping[str, Mapping[str, Measured]]

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {
            "model": self.model.to_json(),
            "constants": {name: asdict(one) for name, one in self.constants.items()},
            "slices": {
                name: {part: one.to_json() for part, one in parts.items()} for name, parts in self.slices.items()
            },
        }


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Args:
        model: the run or the bundle.
        data: the log or the dataset.
        which: in words, which of its rows were evaluated.
        rows: that have a label of some task.
        users: of these rows.
        tasks: task -> its metrics; tasks without a label are left out.
        not_sliced: slice that was left out -> why.
        engine: what scored.
        seconds: stage -> seconds, in order.
    """

    model: Path
    data: Path
    which: str
    rows: int
    users: int
    tasks: Mapping[str, TaskEvaluation]
    not_sliced: Mapping[str, str]
    engine: str
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {
            "model": str(self.model),
            "data": str(self.data),
            "which": self.which,
            "rows": self.rows,
            "users": self.users,
            "ece_bins": BINS,
            "intervals": METHOD,
            "tasks": {task: one.to_json() for task, one in self.tasks.items()},
            "not_sliced": dict(self.not_sliced),
            "engine": self.engine,
            "seconds": dict(self.seconds),
        }
