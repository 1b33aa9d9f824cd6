"""Gradients of embedding tables row by row, before any Keras optimizer sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import tensorflow as tf


def summed_by_row(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    """The same gradient with each row once: what several places of a batch say about it is added up."""
    rows, place = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def by_row(
    optimizer_class: Any, *, clip_norm: float = 0.0, embedding_l2: float = 0.0, tables: Collection[str] = ()
) -> Any:
    """Derive an optimizer that is given each row's gradient once, pulled towards zero, and none longer than a norm.

    TensorFlow hands the gradient of a table over as one slice for each place in the batch. Keras's optimizers square
    the slices one by one, and its clipping turns them into a whole table; here they are summed by row first, and
    clipped as they are.

    Regularisation adds `embedding_l2 * row` to the gradient of each row that the batch shows, once however often it
    stands there: the gradient of `embedding_l2 / 2 * |row|^2` beside the mean loss. Rows that the batch does not show
    are left alone, so a step costs what the batch costs, whatever the table's size. The loss that is reported leaves
    the penalty out.

    Args:
        optimizer_class: a Keras optimizer's class.
        clip_norm: the largest norm of all gradients together, regularisation included; 0: no limit.
        embedding_l2: strength of the regularisation; 0: none.
        tables: paths of the variables to regularise.

    Reference:
        Mini-batch aware regularisation, Zhou et al., 2018, arXiv:1706.06978, section 5.1. There it is divided by how
        often a row occurs in the log; not here, so that frequent rows are pulled more.
    """

    class ByRow(optimizer_class):
        def apply(self, grads: Iterable[Any], trainable_variables: Any = None) -> None:
            variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
            grads = [summed_by_row(one) if isinstance(one, tf.IndexedSlices) else one for one in grads]
            if embedding_l2:
                pairs = zip(grads, variables, strict=True)
                grads = [_pulled(one, other, embedding_l2) if other.path in tables else one for one, other in pairs]
            if clip_norm:
                grads, _ = tf.clip_by_global_norm(grads, clip_norm)
            super().apply(grads, variables)

    ByRow.__name__ = optimizer_class.__name__
    return ByRow


def _pulled(gradient: tf.IndexedSlices, table: Any, embedding_l2: float) -> tf.IndexedSlices:
    """The gradient of some rows with that of their penalty."""
    rows = tf.gather(table.value, gradient.indices)
    return tf.IndexedSlices(gradient.values + embedding_l2 * rows, gradient.indices, gradient.dense_shape)
