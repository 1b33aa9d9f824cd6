"""From a dataset to batches: histories are sliced when a batch is made, so nothing is stored padded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import Dataset
from bstkit.inputs import InputSpec

if TYPE_CHECKING:
    import tensorflow as tf

WINDOW_BATCHES = 50
"""Rows are sorted by history length inside windows of so many batches: short ones share a batch and need no padding."""

_LONGEST_AGE = np.iinfo(np.int32).max


def take(dataset: Dataset, rows: NDArray[np.int64], inputs: Sequence[InputSpec]) -> dict[str, NDArray[Any]]:
    """Make the inputs of some rows.

    Histories hold the most recent `max_length` events, oldest first, padded on the right with 0 to the longest of these
    rows, at least 1. Ages are whole seconds between an event and its row, 0 where padded. A history's length is at most
    `max_length`.

    Args:
        dataset: the prepared log.
        rows: int64 `(batch,)`, row numbers.
        inputs: the model's inputs.

    Returns:
        Name -> int32 or float32 `(batch,)` or `(batch, time)`.
    """
    windows = {
        name: _window(dataset, name, rows) for name in dict.fromkeys(s.history for s in inputs if s.history is not None)
    }
    return {spec.name: _one(dataset, rows, spec, windows) for spec in inputs}


def batches(
    dataset: Dataset,
    split: str,
    inputs: Sequence[InputSpec],
    batch_size: int,
    *,
    seed: int = 0,
    shuffle: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Feed one split to Keras.

    Args:
        dataset: the prepared log.
        split: `"train"`, `"validation"` or `"test"`.
        inputs: the model's inputs.
        batch_size: rows a batch; the last one may be smaller.
        seed: of the permutations.
        shuffle: without it, one pass in the order of `dataset.rows(split)`. With it, epoch after epoch without end,
            each a new permutation that depends on `seed` and the epoch's number alone; `steps_per_epoch` says where one
            ends.
        first_epoch: number of the first epoch, for training that goes on.

    Returns:
        Dataset of `(features, labels)`: name -> tensor, and task -> float32 `(batch, 1)`.
    """
    import tensorflow as tf

    rows = dataset.rows(split)
    tasks = dataset.features.tasks
    steps = -(-len(rows) // batch_size)
    plan = _Plan(rows, history_lengths(dataset, rows, inputs), batch_size, seed) if shuffle else None
    dtypes = [tf.dtypes.as_dtype(spec.dtype) for spec in inputs] + [tf.float32] * len(tasks)

    def load(step: NDArray[np.int64]) -> list[NDArray[Any]]:
        epoch, place = divmod(int(step), steps)
        chosen = plan.epoch(epoch)[place] if plan else rows[place * batch_size : (place + 1) * batch_size]
        made = take(dataset, chosen, inputs)
        return [*(made[spec.name] for spec in inputs), *(dataset.labels[task][chosen][:, None] for task in tasks)]

    def name_tensors(step: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        tensors = tf.numpy_function(load, [step], dtypes, stateful=False)
        for tensor, spec in zip(tensors, inputs, strict=False):
            tensor.set_shape([None] * len(spec.dims))
        for tensor in tensors[len(inputs) :]:
            tensor.set_shape([None, 1])
        named = dict(zip((spec.name for spec in inputs), tensors, strict=False))
        return named, dict(zip(tasks, tensors[len(inputs) :], strict=True))

    first = first_epoch * steps
    last = np.iinfo(np.int64).max if shuffle else steps
    return tf.data.Dataset.range(first, last).map(name_tensors).prefetch(2)


def steps_per_epoch(dataset: Dataset, split: str, batch_size: int) -> int:
    """Return how many batches one pass over a split takes."""
    return -(-len(dataset.rows(split)) // batch_size)


@dataclass(frozen=True)
class _Window:
    """The histories of a batch: where `real` is True, `position` points into the events; both `(batch, time)`."""

    position: NDArray[np.int64]
    real: NDArray[np.bool_]


def _window(dataset: Dataset, name: str, rows: NDArray[np.int64]) -> _Window:
    events = dataset.history[name]
    end = events.end[rows]
    length = np.minimum(end - events.start[rows], dataset.features.history[name].max_length)
    step = np.arange(max(1, int(length.max(initial=0))))
    real = step < length[:, None]
    return _Window(np.where(real, (end - length)[:, None] + step, 0), real)


def _one(dataset: Dataset, rows: NDArray[np.int64], spec: InputSpec, windows: dict[str, _Window]) -> NDArray[Any]:
    """Make one input."""
    if spec.history is None:
        column: NDArray[Any] = (dataset.target if spec.role == "target" else dataset.context)[spec.column]
        chosen: NDArray[Any] = column[rows]
        return chosen
    window, events = windows[spec.history], dataset.history[spec.history]
    if spec.role == "length":
        steps: NDArray[np.int32] = window.real.sum(axis=1, dtype=np.int32)
        return steps
    if not len(events.event):
        return np.zeros(window.real.shape, np.int32)
    if spec.role == "age":
        age = dataset.time[rows][:, None] - dataset.time[events.event[window.position]]
        return np.where(window.real, np.clip(age, 0, _LONGEST_AGE), 0).astype(np.int32)
    return np.where(window.real, events.ids[spec.column][window.position], 0).astype(np.int32)


def history_lengths(dataset: Dataset, rows: NDArray[np.int64], inputs: Sequence[InputSpec]) -> NDArray[np.int64]:
    """Return the steps that each row's longest history takes among the inputs, int64 `(rows,)`."""
    longest = np.zeros(len(rows), np.int64)
    for name in {spec.history for spec in inputs if spec.history is not None}:
        events, limit = dataset.history[name], dataset.features.history[name].max_length
        longest = np.maximum(longest, np.minimum(events.end[rows] - events.start[rows], limit))
    return longest


class _Plan:
    """Which rows each batch of an epoch holds; the epoch in use is kept."""

    def __init__(self, rows: NDArray[np.int64], lengths: NDArray[np.int64], batch_size: int, seed: int) -> None:
        self.rows = rows
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self._kept: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        """Permute, sort by length inside each window, cut into batches, and mix the batches of a window."""
        if self._kept[0] == number:
            return self._kept[1]
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.rows))
        made: list[NDArray[np.int64]] = []
        window = self.batch_size * WINDOW_BATCHES
        for first in range(0, len(order), window):
            part = order[first : first + window]
            part = self.rows[part[np.argsort(self.lengths[part], kind="stable")]]
            cut = [part[place : place + self.batch_size] for place in range(0, len(part), self.batch_size)]
            made += [cut[place] for place in rng.permutation(len(cut))]
        self._kept = (number, made)
        return made
