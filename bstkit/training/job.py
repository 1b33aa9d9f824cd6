"""`train`: check everything, prepare the log, compose, fit, score, write the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.artefact import Run, load_run, write_run
from bstkit.compose import Composed
from bstkit.config.features import Features
from bstkit.config.resolve import checked_selection
from bstkit.config.selection import Selection
from bstkit.data.baselines import base_rate, baselines
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import take
from bstkit.export.id_keys import check_no_hash
from bstkit.progress import Advance, Progress, Stage
from bstkit.provenance import provenance
from bstkit.registry import load_registry
from bstkit.report import write_report
from bstkit.staging import new_folder
from bstkit.supplier import suppliers
from bstkit.training.endurance.attempt import finished_run, first_look, made_from, second_look
from bstkit.training.endurance.checkpoint_folder import beside, held
from bstkit.training.endurance.resume import Endurance
from bstkit.training.endurance.supplied import check_resumable
from bstkit.training.fit import fit, make_repeatable
from bstkit.training.optimizers.precision import compose_for_training, in_float32
from bstkit.training.plugin_callbacks import PluginCallbacks, plugin_callbacks
from bstkit.training.scorer import Scorer
from bstkit.training.starting.init_fit import check_init
from bstkit.training.starting.init_run import open_init_run
from bstkit.training.starting.warm_start import start_from, warn_if_worse, with_statistics
from bstkit.training.task_weights import check_tasks, task_weights
from bstkit.training.watching.tensorboard import events_folder, tensorboard_callbacks
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
    tensorboard: Path | str | None = None,
    init_from: Run | Path | str | None = None,
    progress: Progress | None = None,
    resume: bool = False,
) -> Run:
    """Train a model and write its run folder.

    While it trains, its checkpoints lie in `<folder>.checkpoint`, which is gone once the run folder stands.

    Where the environment's TF_CONFIG names several workers, each calls this; they train one model together, and the
    chief alone writes.

    Args:
        selection: from `load_selection`.
        folder: the run folder to make; it must not exist.
        data: a log. Defaults to the embedded click log.
        features: what the log's columns mean. Defaults to the file that goes with `data`.
        tensorboard: a folder for TensorBoard to look at meanwhile; this run's events go into one there of the run
            folder's name.
        init_from: a run, whose weights the model starts with; `bstkit.training.starting.warm_start` says which. The
            optimizer starts anew.
        progress: told about the stages.
        resume: go on from the last checkpoint, with the weights of a training that never stopped; begin where there is
            none; return the run that is there where it is finished.

    Returns:
        The run, its model with the best weights.

    Raises:
        BstkitError: names, parameters, the folder or the data are wrong, a checkpoint is in the way or of another
            training, or a worker was lost; nothing is left behind but the last checkpoint.
        TrainingInterrupted: Ctrl-C or SIGTERM while it trained; the checkpoint has the last step.
        WorkerFinished: this process is a worker that is not the chief, and has done its part.
    """
    progress = progress or Progress()
    cluster = read_cluster()
    data, folder = None if data is None else Path(data), written_folder(cluster, folder)
    resume = resume and cluster.is_chief  # who tells the others where the checkpoint was
    if resume:
        check_resumable(folder)
    if resume and folder.is_dir():
        return finished_run(folder, checked_selection(selection, load_registry(selection)))
    events = events_folder(Path(tensorboard), folder) if tensorboard is not None and cluster.is_chief else None
    checkpoints = beside(folder)
    with new_folder(folder) as staging, held(checkpoints):
        registry = load_registry(selection)
        selection = checked_selection(selection, registry)
        start = first_look(checkpoints, selection, suppliers(registry, [use.key for use in selection.uses]), resume)
        features = features or features_for(data)
        _check(selection, features)
        warm = None
        if init_from is not None:
            with progress.stage("compare with the run"):
                warm = check_init(open_init_run(init_from), selection, features, registry)
        workers = joined(cluster, selection, progress)
        with progress.stage("prepare data") as advance:
            dataset = load_dataset(data, features, advance=advance)
        dataset = dataset if warm is None else with_statistics(warm, dataset)
        with progress.stage("compose"):
            make_repeatable(selection.train.seed)
            with workers.scope():
                composed = compose_for_training(selection, dataset.features, registry)
        started: dict[str, Any] = {}
        if warm is not None:
            with progress.stage("start from the run"), workers.scope():
                started = {"init_from": start_from(warm, composed, dataset)}
        origin = made_from(composed, dataset, started)
        second_look(start, origin)
        endurance = Endurance(checkpoints, origin, start, folder.with_name(f"{folder.name}.nan-batch.npz"))
        given = plugin_callbacks(registry.plugins, composed, dataset)
        with progress.stage("train") as advance:
            history = _fit(composed, dataset, given, advance, endurance, workers, events)
        if not cluster.is_chief:
            raise finished(cluster)
        progress.seconds["train"] += endurance.state.seconds
        if started:
            warn_if_worse(started["init_from"], history, task_weights(selection.train.loss_weights, features.tasks))
        with progress.stage("score") as advance:
            composed = in_float32(composed, registry)
            metrics = _metrics(composed, dataset, progress.seconds, history, advance)
        with progress.stage("write run"):
            came_from = provenance(composed, dataset, origin.data) | given.record | started | endurance.record
            _write(staging, composed, dataset, history, metrics, came_from)
    checkpoints.remove()
    return load_run(folder)


def _check(selection: Selection, features: Features) -> None:
    """Refuse what would fail after minutes of preparation."""
    task_weights(selection.train.loss_weights, features.tasks)
    check_tasks("class_weight", selection.train.class_weight, features.tasks)
    if selection.export.ids == "raw":
        check_no_hash(features)


def _fit(
    composed: Composed,
    dataset: Dataset,
    given: PluginCallbacks,
    advance: Stage,
    endurance: Endurance,
    workers: Workers,
    events: Path | None,
) -> list[dict[str, Any]]:
    chiefs = endurance if workers.cluster.is_chief else None
    with workers.scope(), tensorboard_callbacks(events, composed) as watching:
        return fit(composed, dataset, advance, [*given.callbacks, *watching], chiefs, workers)


def _metrics(
    composed: Composed, dataset: Dataset, seconds: Mapping[str, float], history: list[dict[str, Any]], advance: Advance
) -> dict[str, Any]:
    """What metrics.json holds: test metrics of the model and of the baselines, on the same rows; training rates."""
    scorer = Scorer(composed, dataset, "test")
    tested = scorer.evaluate(lambda done: advance(done, f"{len(scorer.rows):,} test rows"))
    return {
        "rows": {split: len(dataset.rows(split)) for split in ("train", "validation", "test")},
        "parameters": composed.serving.count_params(),
        "epochs": len(history),
        "base_rate": {task: base_rate(dataset, task) for task in dataset.features.tasks},
        "test": {task: asdict(metrics) for task, metrics in tested.items()},
        "baselines": {
            name: {task: asdict(metrics) for task, metrics in by_task.items()}
            for name, by_task in baselines(dataset, "test").items()
        },
        "seconds": dict(seconds),
    }


def _write(
    folder: Path,
    composed: Composed,
    dataset: Dataset,
    history: list[dict[str, Any]],
    metrics: dict[str, Any],
    came_from: dict[str, Any],
) -> None:
    """Fill the run folder."""
    heldout = _heldout(dataset)
    inputs = take(dataset, heldout, composed.inputs)
    scores = composed.serving(inputs)
    write_run(
        folder,
        composed,
        vocabularies=dataset.vocabularies,
        history=history,
        metrics=metrics,
        heldout=inputs,
        heldout_labels={task: labels[heldout] for task, labels in dataset.labels.items()},
        heldout_scores={task: scores[task].numpy()[:, 0] for task in dataset.features.tasks},
        provenance=came_from,
    )
    write_report(folder)


def _heldout(dataset: Dataset) -> NDArray[np.int64]:
    """Test rows, evenly spread over the users."""
    rows = dataset.rows("test")
    return rows[np.linspace(0, len(rows) - 1, min(HELDOUT_ROWS, len(rows))).astype(np.int64)]
