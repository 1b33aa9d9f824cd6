"""Each worker's rows of a batch, so weighted that all workers together take the step that one would take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

Tensors = dict[str, Any]


def shares(batches: tf.data.Dataset, parts: int, first: int, count: int) -> tf.data.Dataset:
    """Cut batches without end into parts and keep some.

    Args:
        batches: of `(features, labels)`, from `bstkit.data.feeding.feed.batches`.
        parts: how many there are of a batch: one for each replica of the model.
        first: the first part that is kept.
        count: how many are kept, one after the other.

    Returns:
        Dataset of `(features, labels, weights)`.
    """

    def kept(features: Tensors, labels: Tensors) -> tf.data.Dataset:
        return tf.data.Dataset.range(first, first + count).map(partial(_share, features, labels, parts))

    # Said to be endless, or the workers would ask each other at each step whether one has run out of rows.
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return batches.flat_map(kept).apply(endless).prefetch(2 * count)


def _share(features: Tensors, labels: Tensors, parts: int, part: Any) -> tuple[Tensors, Tensors, Tensors]:
    """One part of a batch: the rows whose place leaves the remainder `part`, and the weights of their losses.

    Every part has equally many rows: where some would have one less, the batch's first row fills in, at weight 0.
    """
    count = tf.shape(next(iter(labels.values())))[0]
    place = tf.range(-(-count // parts)) * parts + tf.cast(part, count.dtype)
    real = place < count
    taken = tf.where(real, place, 0)
    weights = {task: _weights(tf.gather(one, taken), one, real, parts) for task, one in labels.items()}
    return _rows(features, taken), _rows(labels, taken), weights


def _weights(mine: Any, every: Any, real: Any, parts: int) -> Any:
    """The weights of a part's losses for one task, `(rows, 1)`.

    A loss is the mean over the rows of the part that have a label, and the strategy takes the mean of the parts. It is
    the mean over the labelled rows of the whole batch if a part weighs as many times as many of them as it has more
    than the parts have on average.
    """
    weight = _labelled(mine) * parts / tf.maximum(_labelled(every), 1.0)
    return tf.where(real, weight, 0.0)[:, None]


def _labelled(labels: Any) -> Any:
    return tf.reduce_sum(tf.cast(tf.logical_not(tf.math.is_nan(labels)), tf.float32))


def _rows(tensors: Mapping[str, Any], places: Any) -> Tensors:
    return {name: tf.gather(tensor, places) for name, tensor in tensors.items()}
