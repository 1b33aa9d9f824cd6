"""Fit a composed model with Keras: early stopping on validation, exact metrics, the same weights from the same seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.data.dataset import Dataset
from bstkit.data.feeding.feed import batches, history_lengths, steps_per_epoch, take
from bstkit.errors import TrainingError
from bstkit.progress import Advance
from bstkit.training.loss import PresentLabelLoss
from bstkit.training.metrics import Metrics, evaluate
from bstkit.training.optimizer import make_optimizer
from bstkit.training.task_weights import check_tasks, task_weights, weighted_mean

SCORING_BATCH = 1024
"""Rows a step while scoring: no gradients are kept, so more than while training."""


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
    advance: Advance | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[dict[str, Any]]:
    """Train until validation log loss stops improving, and leave the best weights in the model.

    Args:
        composed: freshly composed after `make_repeatable`.
        dataset: prepared with the features that the model was composed with.
        advance: told about each step.
        callbacks: more Keras callbacks.

    Returns:
        One dict an epoch: `epoch` (from 1), `loss` (what objectives add included), `val_log_loss`, `val_auc` and
        `val_gauc` (None if undefined). Of several tasks they are means weighted by `train.loss_weights`, and
        `val_<task>_log_loss`, `val_<task>_auc` and `val_<task>_gauc` follow.

    Raises:
        ConfigError: `train.loss_weights` or `train.class_weight` names something that is no task.
        TrainingError: the loss is not a number.
    """
    settings, tasks = composed.selection.train, composed.features.tasks
    weights = task_weights(settings.loss_weights, tasks)
    validation = _Validation(composed, dataset, weights)
    steps = steps_per_epoch(dataset, "train", settings.batch_size)
    compile_training(composed, steps)
    composed.training.fit(
        training_batches(composed, dataset),
        epochs=settings.epochs,
        steps_per_epoch=steps,
        verbose=0,
        shuffle=False,  # the batches are already mixed
        callbacks=[
            _FiniteLoss(),
            validation,
            keras.callbacks.EarlyStopping(
                "val_log_loss", mode="min", patience=settings.patience, restore_best_weights=True
            ),
            *([_Advance(advance, settings.epochs, steps)] if advance else []),
            *callbacks,
        ],
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


def training_batches(composed: Composed, dataset: Dataset, first_epoch: int = 0) -> tf.data.Dataset:
    """Feed the training rows, epoch after epoch without end; bucketed by the histories that the model does not pad."""
    settings = composed.selection.train
    free = [branch.name for branch in composed.branches if branch.name not in composed.fixed]
    return batches(
        dataset,
        "train",
        composed.training_inputs,
        settings.batch_size,
        seed=settings.seed,
        shuffle=True,
        first_epoch=first_epoch,
        bucketed=free if settings.bucketing else (),
    )


def _loss(several: bool, positive_weight: float) -> keras.losses.Loss:
    """One task's loss; only a log of several tasks may lack labels."""
    if several or positive_weight != 1.0:
        return PresentLabelLoss(positive_weight)
    return keras.losses.BinaryCrossentropy(from_logits=True)


class Scorer:
    """A compiled forward pass over the rows of one split; traced once, where `Model.predict` would trace at every call.

    Rows are scored in the order of their history's length, so that short ones share a batch and need no padding.
    """

    def __init__(self, composed: Composed, dataset: Dataset, split: str) -> None:
        self._composed = composed
        self._dataset = dataset
        self.rows = dataset.rows(split)
        self._order = np.argsort(history_lengths(dataset, self.rows, composed.inputs), kind="stable")

        inputs = {spec.name: tf.TensorSpec([None] * len(spec.dims), spec.dtype) for spec in composed.inputs}
        self._forward = tf.function(partial(composed.serving, training=False), input_signature=[inputs])

    def score(self) -> dict[str, np.ndarray[Any, Any]]:
        """Task -> float32 probabilities `(rows,)`, in the order of `rows`."""
        scores = {task: np.empty(len(self.rows), np.float32) for task in self._composed.features.tasks}
        for start in range(0, len(self._order), SCORING_BATCH):
            places = self._order[start : start + SCORING_BATCH]
            outputs = self._forward(take(self._dataset, self.rows[places], self._composed.inputs))
            for task, values in scores.items():
                values[places] = outputs[task].numpy()[:, 0]
        return scores

    def evaluate(self) -> dict[str, Metrics]:
        """Task -> exact metrics, over the rows that have its label."""
        found = {}
        for task, values in self.score().items():
            labels = self._dataset.labels[task][self.rows]
            known = ~np.isnan(labels)
            found[task] = evaluate(labels[known], values[known], self._dataset.user[self.rows][known])
        return found


class _Validation(keras.callbacks.Callback):
    """Score the validation rows after each epoch and add the exact metrics to the epoch's logs."""

    def __init__(self, composed: Composed, dataset: Dataset, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.weights = weights
        self.scorer = Scorer(composed, dataset, "validation")
        self.history: list[dict[str, Any]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = self.scorer.evaluate()
        logs = logs if logs is not None else {}
        for name in ("log_loss", "auc", "gauc"):
            values = {task: getattr(metrics, name) for task, metrics in found.items()}
            logs[f"val_{name}"] = (
                weighted_mean(values, self.weights) if len(values) > 1 else next(iter(values.values()))
            )
        if len(found) > 1:
            logs |= {
                f"val_{task}_{name}": getattr(metrics, name)
                for task, metrics in found.items()
                for name in ("log_loss", "auc", "gauc")
            }
        self.history.append({"epoch": epoch + 1, "loss": float(logs["loss"]), **_validation_only(logs)})


def _validation_only(logs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in logs.items() if name.startswith("val_")}


class _FiniteLoss(keras.callbacks.Callback):
    """Stop with an error as soon as the loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {batch + 1}",
                "lower train.learning_rate:  --set train.learning_rate=0.0003",
            )


class _Advance(keras.callbacks.Callback):
    """Tell the watcher how far training is; a stop before the last epoch ends the stage early."""

    def __init__(self, advance: Advance, epochs: int, steps: int) -> None:
        super().__init__()
        self.advance = advance
        self.epochs = epochs
        self.steps = steps
        self.epoch = 0
        self.note = ""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        done = (self.epoch + (batch + 1) / self.steps) / self.epochs
        loss = (logs or {}).get("loss", math.nan)
        self.advance(done, f"epoch {self.epoch + 1} of at most {self.epochs}, loss {loss:.4f}{self.note}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        auc = (logs or {}).get("val_auc")
        self.note = "" if auc is None else f", validation AUC {auc:.4f}"
