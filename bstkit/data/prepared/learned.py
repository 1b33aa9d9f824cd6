"""What the training rows teach besides vocabularies: row counts, means, deviations; and whether they teach enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import FIRST_ID, OOV_ID, ContextId, ContextNumeric, Features, Space
from bstkit.data.dataset import SPLITS
from bstkit.data.prepared.columns import ColumnStore
from bstkit.data.prepared.splits import TRAIN
from bstkit.errors import DataError


def fitted(store: ColumnStore, features: Features, sizes: dict[str, int]) -> Features:
    """Fill in what was learned.

    Args:
        store: with the columns of numbers and `split`.
        features: what the columns mean.
        sizes: id space -> number of keys.
    """
    spaces: dict[str, Space] = {}
    for name, space in features.spaces.items():
        keys = space.hash_buckets if space.hash_buckets is not None else sizes.get(name)
        spaces[name] = space if keys is None else space.model_copy(update={"rows": keys + FIRST_ID})
    context: dict[str, ContextId | ContextNumeric] = {}
    for name, feature in features.context.items():
        update: dict[str, float] = {}
        if isinstance(feature, ContextNumeric) and feature.numeric == "standardise":
            mean, spread = _mean_and_deviation(store, f"number:{name}")
            # A constant column has no deviation: 1 makes it all zeros, and keeps another value while serving finite.
            update = {"mean": mean, "std": spread or 1.0}
        context[name] = feature.model_copy(update=update)
    return features.model_copy(update={"spaces": spaces, "context": context})


def check_classes(store: ColumnStore, features: Features, origin: str) -> None:
    """A model cannot learn from one class, nor be judged by rows without labels.

    Raises:
        DataError: the training rows have one class only, or a split has no label of a task.
    """
    for task in features.tasks:
        seen = np.zeros((len(SPLITS), 2), np.bool_)
        for _, (split, label) in store.pieces("split", f"label:{task}"):
            for part in range(len(SPLITS)):
                seen[part] |= [np.any(label[split == part] == value) for value in (0, 1)]
        for name, (zero, one) in zip(SPLITS, seen, strict=True):
            if not zero and not one:
                raise DataError(
                    f"the {name} rows of {origin} have no label of task '{task}': all are empty",
                    "take the task out of [log] labels, or change leave_last in [split], which moves the splits",
                )
            if name == "train" and not (zero and one):
                raise DataError(
                    f"the training rows of {origin} have one class only: every label of task '{task}' is {int(one)}",
                    "give a log with clicks and non-clicks, or keep more rows for training: lower leave_last in "
                    "[split]; negatives of a log that holds clicks only are drawn with a table [sampling]",
                )


def label_rates(store: ColumnStore, features: Features) -> dict[str, dict[str, float]]:
    """Task -> split -> share of the rows with its label that are positive; splits without one are left out."""
    return {
        task: _shares(store, f"label:{task}", lambda label: ~np.isnan(label), lambda label: label == 1)
        for task in features.tasks
    }


def oov_shares(store: ColumnStore, name: str) -> dict[str, float]:
    """Split -> share of the rows whose id is out-of-vocabulary; splits without rows are left out."""
    return _shares(store, name, lambda ids: np.ones(len(ids), np.bool_), lambda ids: ids == OOV_ID)


def _shares(
    store: ColumnStore,
    name: str,
    counts: Callable[[NDArray[Any]], NDArray[np.bool_]],
    holds: Callable[[NDArray[Any]], NDArray[np.bool_]],
) -> dict[str, float]:
    """Split -> of the rows that count, the share for which something holds."""
    every, found = np.zeros(len(SPLITS), np.int64), np.zeros(len(SPLITS), np.int64)
    for _, (split, values) in store.pieces("split", name):
        counted = counts(values)
        every += np.bincount(split[counted], minlength=len(SPLITS))
        found += np.bincount(split[counted & holds(values)], minlength=len(SPLITS))
    return {name: float(part / whole) for name, whole, part in zip(SPLITS, every, found, strict=True) if whole}


def _mean_and_deviation(store: ColumnStore, name: str) -> tuple[float, float]:
    """Of the training rows that have the number; 0 where none has."""
    count, total = 0, 0.0
    for values in _training_numbers(store, name):
        count, total = count + len(values), total + float(values.sum())
    mean = total / count if count else 0.0
    squares = sum(float(np.square(values - mean).sum()) for values in _training_numbers(store, name))
    return mean, float(np.sqrt(squares / count)) if count else 0.0


def _training_numbers(store: ColumnStore, name: str) -> Iterator[NDArray[np.float64]]:
    for _, (split, values) in store.pieces("split", name):
        yield values[(split == TRAIN) & ~np.isnan(values)].astype(np.float64)
