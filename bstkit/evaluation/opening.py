"""The rows to evaluate: of a log, or of a prepared dataset that has the model's ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.scorer import BundleScorer
from bstkit.config.features import Features
from bstkit.data.dataset import Dataset
from bstkit.data.prepared.adoption import adopt
from bstkit.data.prepared.folder import is_dataset, open_dataset
from bstkit.data.scoring import load_for_scoring
from bstkit.errors import ConfigError, DataError
from bstkit.predict.contract_features import check_features
from bstkit.predict.job import log_features
from bstkit.predict.model import Model
from bstkit.progress import Advance
from bstkit.spelling import did_you_mean

_PREPARE = "prepare the log for this model:  bstkit data prepare LOG --features RUN/features.toml --vocabularies RUN"


@dataclass(frozen=True)
class OpenedRows:
    """Rows to evaluate.

    Args:
        dataset: where they stand.
        rows: int64, those with a label of some task, in order.
        tasks: those that have a label.
        data: the log or the dataset.
        which: in words, which of its rows they are.
    """

    dataset: Dataset
    rows: NDArray[np.int64]
    tasks: tuple[str, ...]
    data: Path
    which: str


def open_data(model: Model, data: Path, features: Features | None, split: str | None, advance: Advance) -> OpenedRows:
    """Open a log or a dataset.

    Raises:
        ConfigError: features were given that do not go with the model or the data.
        DataError: the data cannot be used, has no labels or one class only, or has other ids than the model.
    """
    if is_dataset(data):
        split = split or "test"
        dataset = _dataset(model, data, features)
        rows = np.arange(len(dataset.user)) if split == "all" else dataset.rows(split)
        which = f"{'all' if split == 'all' else f'the {split}'} rows of the dataset"
        which += "" if dataset.sampled is None else ", candidates that were drawn included"
    else:
        dataset, _ = load_for_scoring(data, log_features(model, data, features), model.vocabularies, advance)
        if not dataset.features.log.labels:
            raise DataError(
                f"{data} has no labels: by its features every row is a positive",
                "prepare it, which draws candidates beside them, and give the dataset:  bstkit data prepare",
            )
        rows = np.arange(len(dataset.user))
        which = "all rows of the log, which is no held-out data if the model was trained on it"
    tasks = _tasks(model, dataset, rows, data)
    labelled = ~np.all([np.isnan(dataset.labels[task][rows]) for task in tasks], axis=0)
    return OpenedRows(dataset, rows[labelled], tasks, data, which)


def _dataset(model: Model, data: Path, features: Features | None) -> Dataset:
    """A dataset, mapped, whose ids are the model's."""
    dataset = open_dataset(data)
    if isinstance(model, BundleScorer):
        dataset = dataset if features is None else adopt(dataset, features)
        check_features(dataset.features, model.manifest.contract)
    else:
        if features is not None:
            raise ConfigError("a run has its own features.toml", "leave out --features")
        try:
            dataset = adopt(dataset, model.features)
        except DataError as error:
            raise DataError(f"{data} is not of this model: {error.message}", _PREPARE) from error
    for name, space in dataset.features.spaces.items():
        if space.hash_buckets is None and dataset.vocabularies.get(name) != model.vocabularies.get(name):
            raise DataError(
                f"{data} has another vocabulary of id space '{name}' than the model: the same id is another key",
                _PREPARE,
            )
    return dataset


def _tasks(model: Model, dataset: Dataset, rows: NDArray[np.int64], data: Path) -> tuple[str, ...]:
    """The tasks that have labels; each must have both classes, and be the model's."""
    found = []
    for task, labels in dataset.labels.items():
        if task not in model.outputs:
            raise ConfigError(
                f"the features have a task '{task}', and the model has the outputs {', '.join(model.outputs)}",
                did_you_mean(task, model.outputs) or "name the task in [log] labels as the model's output",
            )
        known = labels[rows]
        known = known[~np.isnan(known)]
        if not len(known):
            continue
        if known.min() == known.max():
            raise DataError(
                f"the labels of '{task}' in {data} have one class only: each of {len(known):,} is {known[0]:g}",
                "give a log with clicks and non-clicks: one class cannot be ranked",
            )
        found.append(task)
    if not found:
        columns = ", ".join(f"'{column}' ({task})" for task, column in dataset.features.log.labels.items())
        raise DataError(
            f"{data} has no labels: {columns or 'no column'} is absent or empty in every row that is asked for",
            "give a log with labels; `bstkit predict` scores one without",
        )
    return tuple(found)
