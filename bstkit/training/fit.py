"""Fit a composed model with Keras: early stopping on validation, exact metrics, the same weights from the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.data.dataset import Dataset
from bstkit.data.feeding.feed import batch_rows, batches, steps_per_epoch
from bstkit.progress import Stage
from bstkit.training.endurance.later_batches import from_place
from bstkit.training.endurance.nan_batch import Batch, FiniteLoss
from bstkit.training.endurance.resume import BEGINNING, Endurance, keeping_checkpoints
from bstkit.training.endurance.variables import make_state
from bstkit.training.loss import PresentLabelLoss
from bstkit.training.optimizers.optimizer import make_optimizer
from bstkit.training.task_weights import check_tasks, task_weights
from bstkit.training.validation import Validation
from bstkit.training.watching.progress import TrainingProgress
from bstkit.training.workers.following import following, told
from bstkit.training.workers.strategy import Workers


@dataclass(frozen=True)
class TrainingRun:
    """What a plugin's `bstkit_callbacks` hook is told about the run it may watch."""

    composed: Composed
    dataset: Dataset


def make_repeatable(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and make every operation deterministic for the rest of the process."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(
    composed: Composed,
    dataset: Dataset,
    advance: Stage | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    endurance: Endurance | None = None,
    workers: Workers | None = None,
) -> list[dict[str, Any]]:
    """Train until validation log loss stops improving, and leave the best weights in the model.

    Args:
        composed: freshly composed after `make_repeatable`.
        dataset: prepared with the features that the model was composed with.
        advance: told about each step and epoch.
        callbacks: more Keras callbacks. What they keep to themselves is not in a checkpoint.
        endurance: where to go on from, and where checkpoints go; without it none are written, and signals do as ever.
        workers: who trains together. Defaults to this process alone.

    Returns:
        One dict an epoch: `epoch` (from 1), `loss` (what objectives add included), `learning_rate` at its end,
        `val_log_loss`, `val_auc` and `val_gauc` (None if undefined). Of several tasks they are means weighted by
        `train.loss_weights`, and `val_<task>_log_loss`, `val_<task>_auc` and `val_<task>_gauc` follow.

    Raises:
        ConfigError: `train.loss_weights` or `train.class_weight` names something that is no task.
        TrainingError: the loss is not a number, or a worker was lost.
        TrainingInterrupted: Ctrl-C or SIGTERM; a checkpoint is written.
        RunError: a checkpoint is damaged, or cannot be written.
    """
    settings, tasks = composed.selection.train, composed.features.tasks
    weights = task_weights(settings.loss_weights, tasks)
    workers = workers or Workers()
    steps = steps_per_epoch(dataset, "train", settings.batch_size)
    shown = None
    if advance is not None:
        shown = TrainingProgress(advance, settings.epochs, steps, settings.batch_size, settings.patience)
    validation = Validation(composed, dataset, weights, workers, shown.validating if shown else None)
    compile_training(composed, steps)
    make_state(composed)  # Keras makes it while it traces the first step, and must then trace that a second time
    stopping = keras.callbacks.EarlyStopping(
        "val_log_loss", mode="min", patience=settings.patience, restore_best_weights=True
    )
    start = told(workers, BEGINNING if endurance is None else endurance.state)
    nan_batch = None if endurance is None else endurance.nan_batch
    with keeping_checkpoints(endurance, composed, stopping, validation.history, steps) as keeping:
        composed.training.fit(
            workers.fed(composed.training, training_batches(composed, dataset, start.epoch, start.place)),
            initial_epoch=settings.epochs if start.finished else start.epoch,
            epochs=settings.epochs,
            steps_per_epoch=steps,
            verbose=0,
            shuffle=False,  # the batches are already mixed
            callbacks=from_place(
                start.place,
                [
                    FiniteLoss(partial(_batch, composed, dataset), dataset.row, nan_batch),
                    *workers.callbacks(),
                    validation,
                    stopping,
                    *([shown] if shown else []),
                    *callbacks,
                    *keeping,
                    *following(workers, composed, stopping, validation.history, start),
                ],
                composed.training,
                steps,
            ),
        )
    return validation.history


def compile_training(composed: Composed, steps: int) -> None:
    """Give the trained model its optimizer and losses.

    Args:
        composed: freshly composed.
        steps: of an epoch; a schedule may count in epochs.

    Raises:
        ConfigError: `train.loss_weights` or `train.class_weight` names something that is no task.
    """
    settings, tasks = composed.selection.train, composed.features.tasks
    check_tasks("class_weight", settings.class_weight, tasks)
    tables = [layer.embeddings.path for layer in composed.training.layers if isinstance(layer, keras.layers.Embedding)]
    composed.training.compile(
        optimizer=make_optimizer(settings, steps, tables),
        loss={task: _loss(len(tasks) > 1, settings.class_weight.get(task, 1.0)) for task in tasks},
        loss_weights=task_weights(settings.loss_weights, tasks),
        jit_compile=False,  # free lengths would compile anew for each; `bst`, whose length is fixed, got no faster
    )


def training_batches(
    composed: Composed, dataset: Dataset, first_epoch: int = 0, first_place: int = 0
) -> tf.data.Dataset:
    """Feed the training rows, epoch after epoch without end; bucketed by the histories that the model does not pad."""
    feed = partial(batches, dataset, "train", composed.training_inputs, shuffle=True, **_feeding(composed))
    return feed(first_epoch=first_epoch, first_place=first_place)


def _feeding(composed: Composed) -> dict[str, Any]:
    """What decides which rows share a batch."""
    settings = composed.selection.train
    free = [branch.name for branch in composed.branches if branch.name not in composed.fixed]
    bucketed = free if settings.bucketing else ()
    return {"batch_size": settings.batch_size, "seed": settings.seed, "bucketed": bucketed}


def _batch(composed: Composed, dataset: Dataset, epoch: int, place: int) -> Batch:
    """One batch, made again."""
    [(inputs, labels)] = training_batches(composed, dataset, epoch, place).take(1).as_numpy_iterator()
    find = partial(batch_rows, dataset, "train", composed.training_inputs, **_feeding(composed))
    return inputs, labels, find(epoch=epoch, place=place)


def _loss(several: bool, positive_weight: float) -> keras.losses.Loss:
    """One task's loss; only a log of several tasks may lack labels."""
    if several or positive_weight != 1.0:
        return PresentLabelLoss(positive_weight)
    return keras.losses.BinaryCrossentropy(from_logits=True)
