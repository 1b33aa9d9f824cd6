"""Score the rows of a split with the model as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.data.dataset import Dataset
from bstkit.data.feeding.feed import history_lengths, take
from bstkit.training.metrics import Metrics, evaluate

SCORING_BATCH = 1024
"""Rows a step while scoring: no gradients are kept, so more than while training."""


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

    def score(self, told: Callable[[float], None] | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Task -> float32 probabilities `(rows,)`, in the order of `rows`.

        Args:
            told: called with the share of the rows that is scored.
        """
        scores = {task: np.empty(len(self.rows), np.float32) for task in self._composed.features.tasks}
        for start in range(0, len(self._order), SCORING_BATCH):
            places = self._order[start : start + SCORING_BATCH]
            outputs = self._forward(take(self._dataset, self.rows[places], self._composed.inputs))
            for task, values in scores.items():
                values[places] = outputs[task].numpy()[:, 0]
            if told:
                told((start + len(places)) / len(self._order))
        return scores

    def evaluate(self, told: Callable[[float], None] | None = None) -> dict[str, Metrics]:
        """Task -> exact metrics, over the rows that have its label; `told` as for `score`."""
        found = {}
        for task, values in self.score(told).items():
            labels = self._dataset.labels[task][self.rows]
            known = ~np.isnan(labels)
            found[task] = evaluate(labels[known], values[known], self._dataset.user[self.rows][known])
        return found
