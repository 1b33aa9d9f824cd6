"""`train`: check everything, prepare the log, compose, fit, score, write the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.artefact import Run, load_run, write_run
from bstkit.compose import Composed, compose
from bstkit.config.features import Features
from bstkit.config.resolve import checked_selection
from bstkit.config.selection import Selection
from bstkit.data.baselines import base_rate, baselines
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import take
from bstkit.export.id_keys import check_no_hash
from bstkit.progress import Advance, Progress
from bstkit.provenance import provenance
from bstkit.registry import Registry, load_registry
from bstkit.report import write_report
from bstkit.staging import new_folder
from bstkit.training.fit import Scorer, TrainingRun, fit, make_repeatable
from bstkit.training.task_weights import check_tasks, task_weights
from bstkit.training.workers.cluster import read_cluster
from bstkit.training.workers.role import finished, joined, written_folder
from bstkit.training.workers.strategy import Workers

HELDOUT_ROWS = 1024
"""Test rows that a run keeps for verification."""


def train(
    selection: Selection,
    folder: Path | str,
    *,
    data: Path | str | None = None,
    features: Features | None = None,
    progress: Progress | None = None,
) -> Run:
    """Train a model and write its run folder.

    Where the environment's TF_CONFIG names several workers, each calls this; they train one model together, and the
    chief alone writes.

    Args:
        selection: from `load_selection`.
        folder: the run folder to make; it must not exist.
        data: a log. Defaults to the embedded click log.
        features: what the log's columns mean. Defaults to the file that goes with `data`.
        progress: told about the stages.

    Returns:
        The run, its model with the best weights.

    Raises:
        BstkitError: names, parameters, the folder or the data are wrong, or a worker was lost; nothing is left behind.
        WorkerFinished: this process is a worker that is not the chief, and has done its part.
    """
    progress = progress or Progress()
    data = None if data is None else Path(data)
    cluster = read_cluster()
    with new_folder(written_folder(cluster, folder)) as staging:
        registry = load_registry(selection)
        selection = checked_selection(selection, registry)
        features = features or features_for(data)
        # Before minutes of preparation, not after.
        task_weights(selection.train.loss_weights, features.tasks)
        check_tasks("class_weight", selection.train.class_weight, features.tasks)
        if selection.export.ids == "raw":
            check_no_hash(features)
        workers = joined(cluster, selection, progress)
        with progress.stage("prepare data") as advance:
            dataset = load_dataset(data, features, advance=advance)
        with progress.stage("compose"):
            make_repeatable(selection.train.seed)
            with workers.scope():
                composed = compose(selection, dataset.features, registry)
        with progress.stage("train") as advance:
            history = _fit(composed, dataset, registry, advance, workers)
        if not cluster.is_chief:
            raise finished(cluster)
        with progress.stage("score"):
            metrics = _metrics(composed, dataset, progress.seconds, history)
        with progress.stage("write run"):
            heldout = _heldout(dataset)
            inputs = take(dataset, heldout, composed.inputs)
            scores = composed.serving(inputs)
            write_run(
                staging,
                composed,
                vocabularies=dataset.vocabularies,
                history=history,
                metrics=metrics,
                heldout=inputs,
                heldout_labels={task: labels[heldout] for task, labels in dataset.labels.items()},
                heldout_scores={task: scores[task].numpy()[:, 0] for task in dataset.features.tasks},
                provenance=provenance(composed, registry, dataset),
            )
            write_report(staging)
    return load_run(folder)


def _fit(
    composed: Composed, dataset: Dataset, registry: Registry, advance: Advance, workers: Workers
) -> list[dict[str, Any]]:
    run = TrainingRun(composed, dataset)
    callbacks = [callback for _, callback in registry.plugins.collect("bstkit_callbacks", run=run)]
    with workers.scope():
        return fit(composed, dataset, advance, callbacks, workers)


def _metrics(
    composed: Composed, dataset: Dataset, seconds: Mapping[str, float], history: list[dict[str, Any]]
) -> dict[str, Any]:
    """What metrics.json holds: test metrics of the model and of the baselines, on the same rows; training rates."""
    return {
        "rows": {split: len(dataset.rows(split)) for split in ("train", "validation", "test")},
        "parameters": composed.serving.count_params(),
        "epochs": len(history),
        "base_rate": {task: base_rate(dataset, task) for task in dataset.features.tasks},
        "test": {task: asdict(metrics) for task, metrics in Scorer(composed, dataset, "test").evaluate().items()},
        "baselines": {
            name: {task: asdict(metrics) for task, metrics in by_task.items()}
            for name, by_task in baselines(dataset, "test").items()
        },
        "seconds": dict(seconds),
    }


def _heldout(dataset: Dataset) -> NDArray[np.int64]:
    """Test rows, evenly spread over the users."""
    rows = dataset.rows("test")
    return rows[np.linspace(0, len(rows) - 1, min(HELDOUT_ROWS, len(rows))).astype(np.int64)]
