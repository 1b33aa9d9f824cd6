"""From a dataset to batches: histories are sliced when a batch is made, so nothing is stored padded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.feeding.epoch_plan import EpochPlan
from bstkit.data.feeding.negatives import Negatives, negatives_of
from bstkit.data.feeding.row_inputs import RowInputs, is_cut
from bstkit.data.feeding.windows import session_cells, step_counts
from bstkit.data.pieces import pieces
from bstkit.inputs import InputSpec

if TYPE_CHECKING:
    import tensorflow as tf

Choose = Callable[[int, int], NDArray[np.int64]]
"""Epoch and place in it -> the rows of a batch."""

_PREFETCHED_BATCHES = 8
"""Made while the model trains. One thread makes them: a parallel map was no faster on two cores, where batches come a
hundred times faster than `din` trains (benchmarks/feeding.py)."""


def take(
    dataset: Dataset,
    rows: NDArray[np.int64],
    inputs: Sequence[InputSpec],
    negatives: Mapping[str, Negatives] | None = None,
    rng: np.random.Generator | None = None,
) -> dict[str, NDArray[Any]]:
    """Make the inputs of some rows.

    Histories hold the most recent `max_length` steps, none older than `max_age_s`, oldest first, padded on the right
    with 0 to the longest of these rows, at least 1. Where an input has three dimensions its history is cut into
    sessions: the most recent `max_sessions`, of each the most recent `session_length` steps, both oldest first and
    padded likewise. Ages are whole seconds between a step and its row. A history's length is at most `max_length`.
    Ages, weights and negatives are 0 where padded.

    Args:
        dataset: the prepared log.
        rows: int64 `(batch,)`, row numbers.
        inputs: the model's inputs.
        negatives: from `negatives_of`, for inputs of role `"negative"`.
        rng: what negatives are drawn with.

    Returns:
        Name -> int32 or float32 `(batch,)`, `(batch, time)` or `(batch, sessions, time)`.

    Raises:
        ValueError: an input is a negative, and `negatives` or `rng` is missing.
        DataError: an age is asked of steps that have no time, or sessions of a history that is not cut.
    """
    batch = RowInputs(dataset, rows)
    if negatives and rng is not None:
        batch.draw(negatives, rng)
    return {spec.name: batch.make(spec) for spec in inputs}


def batches(
    dataset: Dataset,
    split: str,
    inputs: Sequence[InputSpec],
    batch_size: int,
    *,
    seed: int = 0,
    shuffle: bool = False,
    first_epoch: int = 0,
    first_place: int = 0,
    bucketed: Collection[str] | None = None,
) -> tf.data.Dataset:
    """Feed one split to Keras.

    Args:
        dataset: the prepared log.
        split: `"train"`, `"validation"` or `"test"`.
        inputs: the model's inputs.
        batch_size: rows a batch; the last one may be smaller.
        seed: of the permutations and the negatives; those of a batch depend on `seed`, the epoch's number and the
            batch's place in it alone.
        shuffle: without it, one pass in the order of `dataset.rows(split)`. With it, epoch after epoch without end,
            each a new permutation that depends on `seed` and the epoch's number alone; `steps_per_epoch` says where one
            ends.
        first_epoch: number of the first epoch, for training that goes on.
        first_place: of the first batch in that epoch.
        bucketed: with `shuffle`, histories whose lengths decide which rows share a batch. Defaults to all of them; with
            none, chance alone decides.

    Returns:
        Dataset of `(features, labels)`: name -> tensor, and task -> float32 `(batch, 1)`.
    """
    import tensorflow as tf

    tasks = dataset.features.tasks
    steps = steps_per_epoch(dataset, split, batch_size)
    choose = (
        _shuffled(dataset, split, inputs, batch_size, seed, bucketed)
        if shuffle
        else _in_order(dataset, split, batch_size)
    )
    dtypes = [tf.dtypes.as_dtype(spec.dtype) for spec in inputs] + [tf.float32] * len(tasks)

    negatives = negatives_of(dataset, inputs)

    def load(step: NDArray[np.int64]) -> list[NDArray[Any]]:
        epoch, place = divmod(int(step), steps)
        chosen = choose(epoch, place)
        rng = np.random.default_rng((seed, epoch, place, 1)) if negatives else None  # 1: not the permutation's numbers
        made = take(dataset, chosen, inputs, negatives, rng)
        return [*(made[spec.name] for spec in inputs), *(dataset.labels[task][chosen][:, None] for task in tasks)]

    def name_tensors(step: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        tensors = tf.numpy_function(load, [step], dtypes, stateful=False)
        for tensor, spec in zip(tensors, inputs, strict=False):
            tensor.set_shape([None] * len(spec.dims))
        for tensor in tensors[len(inputs) :]:
            tensor.set_shape([None, 1])
        named = dict(zip((spec.name for spec in inputs), tensors, strict=False))
        return named, dict(zip(tasks, tensors[len(inputs) :], strict=True))

    first = first_epoch * steps + first_place
    last = np.iinfo(np.int64).max if shuffle else steps
    return tf.data.Dataset.range(first, last).map(name_tensors).prefetch(_PREFETCHED_BATCHES)


def batch_rows(
    dataset: Dataset,
    split: str,
    inputs: Sequence[InputSpec],
    batch_size: int,
    *,
    epoch: int,
    place: int,
    seed: int = 0,
    bucketed: Collection[str] | None = None,
) -> NDArray[np.int64]:
    """Return the rows of one of the batches that `batches` shuffles, int64 `(batch,)`."""
    return _shuffled(dataset, split, inputs, batch_size, seed, bucketed)(epoch, place)


def steps_per_epoch(dataset: Dataset, split: str, batch_size: int) -> int:
    """Return how many batches one pass over a split takes."""
    return -(-int(np.count_nonzero(dataset.split == SPLITS.index(split))) // batch_size)


def history_lengths(dataset: Dataset, rows: NDArray[np.int64], inputs: Sequence[InputSpec]) -> NDArray[np.integer]:
    """Return the steps that each row's longest history takes among the inputs, padding inside its sessions included.

    Returns:
        Integers `(rows,)`, as narrow as they may be.
    """
    read = dict.fromkeys((spec.history, is_cut(spec)) for spec in inputs if spec.history is not None)
    longest = np.zeros(len(rows), np.min_scalar_type(max((_most(dataset, *one) for one in read), default=0)))
    for first, end in pieces(len(rows)):
        part, found = rows[first:end], longest[first:end]
        for name, cut in read:
            np.maximum(found, (session_cells if cut else step_counts)(dataset, name, part), out=found, casting="unsafe")
    return longest


def _most(dataset: Dataset, name: str, cut: bool) -> int:
    """The most steps of a history that a row can take."""
    history = dataset.features.history[name]
    return history.max_sessions * history.session_length if cut else history.max_length


def _in_order(dataset: Dataset, split: str, batch_size: int) -> Choose:
    """Batches of one pass, as the rows stand."""
    rows = dataset.rows(split)
    return lambda epoch, place: rows[place * batch_size : (place + 1) * batch_size]


def _shuffled(
    dataset: Dataset,
    split: str,
    inputs: Sequence[InputSpec],
    batch_size: int,
    seed: int,
    bucketed: Collection[str] | None,
) -> Choose:
    """Batches of epochs without end, by the lengths of the bucketed histories where there are any."""
    rows = dataset.rows(split)
    measured = [spec for spec in inputs if spec.history is not None and (bucketed is None or spec.history in bucketed)]
    return EpochPlan(rows, history_lengths(dataset, rows, measured) if measured else None, batch_size, seed).batch
