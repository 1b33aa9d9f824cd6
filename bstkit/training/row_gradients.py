"""Gradients of embedding tables row by row, before any Keras optimizer sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf


def summed_by_row(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    """The same gradient with each row once: what several places of a batch say about it is added up."""
    rows, place = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def by_row(optimizer_class: Any, *, clip_norm: float = 0.0) -> Any:
    """Derive an optimizer that is given each row's gradient once, and none longer than a norm.

    TensorFlow hands the gradient of a table over as one slice for each place in the batch. Keras's optimizers square
    the slices one by one, and its clipping turns them into a whole table; here they are summed by row first, and
    clipped as they are.

    Args:
        optimizer_class: a Keras optimizer's class.
        clip_norm: the largest norm of all gradients together; 0: no limit.
    """

    class ByRow(optimizer_class):
        def apply(self, grads: Iterable[Any], trainable_variables: Any = None) -> None:
            grads = [summed_by_row(one) if isinstance(one, tf.IndexedSlices) else one for one in grads]
            if clip_norm:
                grads, _ = tf.clip_by_global_norm(grads, clip_norm)
            super().apply(grads, trainable_variables)

    ByRow.__name__ = optimizer_class.__name__
    return ByRow
