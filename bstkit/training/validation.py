"""What each epoch came to on the validation rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from bstkit.compose import Composed
from bstkit.data.dataset import Dataset
from bstkit.training.scorer import Scorer
from bstkit.training.task_weights import weighted_mean
from bstkit.training.workers.strategy import Workers


class Validation(keras.callbacks.Callback):
    """Score the validation rows after each epoch and add the exact metrics to the epoch's logs."""

    def __init__(
        self,
        composed: Composed,
        dataset: Dataset,
        weights: Mapping[str, float],
        workers: Workers,
        told: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self.weights = weights
        self.workers = workers
        self.told = told
        self.scorer = Scorer(composed, dataset, "validation")
        self.history: list[dict[str, Any]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = self.workers.chiefs(partial(self.scorer.evaluate, self.told), list(self.weights))
        logs = logs if logs is not None else {}
        # Of the step to come. The shortest number that float32 reads back: 0.001, not 0.0010000000474974513.
        logs["learning_rate"] = float(str(np.float32(self.model.optimizer.learning_rate)))
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
        kept = {name: value for name, value in logs.items() if name == "learning_rate" or name.startswith("val_")}
        self.history.append({"epoch": epoch + 1, "loss": float(logs["loss"]), **kept})
