"""How much each task counts: in the loss, and in the validation numbers that stop training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bstkit.errors import ConfigError
from bstkit.spelling import did_you_mean


def check_tasks(setting: str, named: Iterable[str], tasks: Sequence[str]) -> None:
    """Refuse a setting of `[train]` that names what is no task.

    Raises:
        ConfigError: it does.
    """
    unknown = [name for name in named if name not in tasks]
    if unknown:
        lines = [f"train.{setting}.{name}: features.toml has no task '{name}'" for name in unknown]
        raise ConfigError("\n".join(lines), did_you_mean(unknown[0], tasks) or f"the tasks are {', '.join(tasks)}")


def task_weights(loss_weights: Mapping[str, float], tasks: Sequence[str]) -> dict[str, float]:
    """Complete `train.loss_weights`: task -> weight, 1 where nothing is said, in the order of the tasks.

    Raises:
        ConfigError: it names something that is no task, or every task has weight 0.
    """
    check_tasks("loss_weights", loss_weights, tasks)
    weights = {task: loss_weights.get(task, 1.0) for task in tasks}
    if not any(weights.values()):
        raise ConfigError("train.loss_weights: every task has weight 0, so nothing would be learned", "raise one")
    return weights


def weighted_mean(values: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """Return the mean over the tasks that have a value and a weight above 0; None where no task has."""
    counted = {task: value for task, value in values.items() if value is not None and weights[task] > 0}
    if not counted:
        return None
    return sum(weights[task] * value for task, value in counted.items()) / sum(weights[task] for task in counted)
