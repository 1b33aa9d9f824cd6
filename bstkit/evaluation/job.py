"""The parts of `evaluate`: score the rows, slice them, measure each slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.artefact import load_run
from bstkit.bundle.manifest import is_bundle
from bstkit.data.dataset import Dataset
from bstkit.data.feeding.feed import history_lengths
from bstkit.errors import ConfigError
from bstkit.evaluation.opening import OpenedRows
from bstkit.evaluation.parts import Parts, parts
from bstkit.evaluation.results import Evaluation, Measured, TaskEvaluation
from bstkit.evaluation.slices import SLICES, why_not
from bstkit.metrics.intervals import METRICS, margins
from bstkit.metrics.quality import Quality, quality
from bstkit.predict.log_rows import LogFeeds
from bstkit.predict.model import Model
from bstkit.progress import Advance, Progress

Scores = dict[str, NDArray[np.float32]]


def evaluate_rows(
    folder: Path, model: Model, opened: OpenedRows, slices: Sequence[str] | None, batch: int, progress: Progress
) -> Evaluation:
    """Evaluate a model on rows that are open.

    Args:
        folder: of the model.
        model: what scores.
        opened: the rows.
        slices: those that are wanted; None for all that are possible.
        batch: rows that are scored together.
        progress: told about the stages.

    Raises:
        ConfigError: a slice was asked for that the features do not allow.
    """
    dataset, rows = opened.dataset, opened.rows
    not_sliced = _not_sliced(dataset, slices)
    with progress.stage("score") as advance:
        scores = _score(model, opened, batch, advance)
    rates = {} if is_bundle(folder) else load_run(folder).metrics.get("base_rate", {})
    with progress.stage("measure") as advance:
        wanted = [name for name in (SLICES if slices is None else dict.fromkeys(slices)) if name not in not_sliced]
        sliced = {name: parts(name, dataset, rows) for name in wanted}
        tasks = {}
        for number, task in enumerate(opened.tasks):
            advance(number / len(opened.tasks), task)
            tasks[task] = _task(dataset.labels[task][rows], scores[task], dataset.user[rows], sliced, rates.get(task))
    return Evaluation(
        model=folder,
        data=opened.data,
        which=opened.which,
        rows=len(rows),
        users=len(np.unique(dataset.user[rows])),
        tasks=tasks,
        not_sliced=not_sliced,
        engine=model.engine,
        seconds=dict(progress.seconds),
    )


def _not_sliced(dataset: Dataset, slices: Sequence[str] | None) -> dict[str, str]:
    """Slices that are not possible and were not asked for by name."""
    reasons = {name: why for name in SLICES if (why := why_not(name, dataset.features)) is not None}
    for name in slices or ():
        if name in reasons:
            raise ConfigError(f"the rows cannot be sliced by '{name}': {reasons[name]}", "leave it out of --slices")
    return reasons if slices is None else {}


def _score(model: Model, opened: OpenedRows, batch: int, advance: Advance) -> Scores:
    """Task -> probabilities of the rows; short histories are scored together, so that little is padded."""
    rows, feeds = opened.rows, LogFeeds(opened.dataset, model)
    scores = {task: np.empty(len(rows), np.float32) for task in opened.tasks}
    order = np.argsort(history_lengths(opened.dataset, rows, feeds.specs), kind="stable")
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        found = model.run(feeds.of(rows[places]))
        for task, values in scores.items():
            values[places] = found[task]
        advance((start + len(places)) / len(order), f"{start + len(places):,} rows")
    return scores


def _task(
    labels: NDArray[Any],
    scores: NDArray[np.float32],
    users: NDArray[np.int32],
    sliced: Mapping[str, Parts],
    trained_rate: float | None,
) -> TaskEvaluation:
    known = ~np.isnan(labels)
    rates = {"rate of these rows": float(labels[known].mean(dtype=np.float64)), "rate in training": trained_rate}
    return TaskEvaluation(
        model=_measured(labels, scores, users, known),
        constants={
            name: quality(labels[known], np.full(known.sum(), rate), users[known])
            for name, rate in rates.items()
            if rate is not None
        },
        slices={
            name: {part: _measured(labels, scores, users, inside & known) for part, inside in found.items()}
            for name, found in sliced.items()
        },
    )


def _measured(
    labels: NDArray[Any], scores: NDArray[np.float32], users: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> Measured:
    if not chosen.any():
        return Measured(Quality(), dict.fromkeys(METRICS))
    rows = labels[chosen], scores[chosen], users[chosen]
    return Measured(quality(*rows), margins(*rows))
