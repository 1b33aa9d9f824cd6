"""What a model must beat: the popularity of the candidate, and a constant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import Dataset
from bstkit.training.metrics import Metrics, evaluate

SMOOTHING = 10.0
"""So many imagined events at the base rate are added to each item's own, which draws rare items towards it."""


def baselines(dataset: Dataset, split: str) -> dict[str, dict[str, Metrics]]:
    """Score two models without parameters on the rows of a split, each task on those that have its label.

    Args:
        dataset: the prepared log; only its training rows are learned from.
        split: the rows to score.

    Returns:
        `"popularity"` and `"constant"`, each task -> metrics.
    """
    scored: dict[str, dict[str, Metrics]] = {"popularity": {}, "constant": {}}
    for task, label in dataset.labels.items():
        rows = dataset.labelled(task, dataset.rows(split))
        rates = click_rates(dataset, task)
        item = next(iter(dataset.target.values()))[rows]
        scores = {"popularity": rates[item], "constant": np.full(len(rows), base_rate(dataset, task))}
        for name, values in scores.items():
            scored[name][task] = evaluate(label[rows], values, dataset.user[rows])
    return scored


def base_rate(dataset: Dataset, task: str) -> float:
    """Return the share of positive rows among the training rows with a label."""
    return float(dataset.labels[task][_labelled(dataset, task)].mean(dtype=np.float64))


def click_rates(dataset: Dataset, task: str) -> NDArray[np.float64]:
    """Return each candidate's smoothed click rate among the training rows, indexed by id of the first target column."""
    train = _labelled(dataset, task)
    item, label = next(iter(dataset.target.values())), dataset.labels[task]
    shown = np.bincount(item[train], minlength=int(item.max()) + 1)
    clicked = np.bincount(item[train], weights=label[train], minlength=len(shown))
    return (clicked + SMOOTHING * base_rate(dataset, task)) / (shown + SMOOTHING)


def _labelled(dataset: Dataset, task: str) -> NDArray[np.int64]:
    """The training rows that have a label of a task."""
    return dataset.labelled(task, dataset.rows("train"))
