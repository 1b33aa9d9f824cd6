"""Gradients of embedding tables row by row, before any Keras optimizer sees them."""

from __future__ import annotations

from collections.abc import Collection
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
    clipped as they are. Of several workers it is the sum over all of them.

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
        def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> list[tuple[Any, Any]]:
            # Where Keras adds up what several workers found: a row's gradient and the norm are whole only after that.
            pairs = [pair for pair in super()._all_reduce_sum_gradients(grads_and_vars) if pair[0] is not None]
            variables = [variable for _, variable in pairs]
            grads = [summed_by_row(one) if isinstance(one, tf.IndexedSlices) else one for one, _ in pairs]
            if embedding_l2:
                paths = [self._trainable_variables[self._get_variable_index(one)].path for one in variables]
                each = zip(grads, variables, paths, strict=True)
                grads = [_pulled(one, other, embedding_l2) if path in tables else one for one, other, path in each]
            if clip_norm:
                grads, _ = tf.clip_by_global_norm(grads, clip_norm)
            return list(zip(grads, variables, strict=True))

    ByRow.__name__ = optimizer_class.__name__
    return ByRow


def _pulled(gradient: tf.IndexedSlices, table: Any, embedding_l2: float) -> tf.IndexedSlices:
    """The gradient of some rows with that of their penalty."""
    rows = tf.gather(table, gradient.indices)
    return tf.IndexedSlices(gradient.values + embedding_l2 * rows, gradient.indices, gradient.dense_shape)
