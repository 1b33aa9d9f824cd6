"""Adam whose step costs what the batch costs, however long the embedding tables are."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from bstkit.training.optimizers.row_gradients import summed_by_row


@keras.saving.register_keras_serializable(package="bstkit")
class LazyAdam(keras.optimizers.Adam):
    """Adam that leaves the rows of a table alone which a batch does not show.

    Adam moves every row at every step: moments fade, and a row that was seen once drifts on for dozens of steps. Here a
    row that is not shown keeps its weights and its moments as they are until it is shown again; there they go on from
    where they were left, under the bias correction of all steps so far. Weights that are no table are trained as by
    Adam, and so are rows that every batch shows; rare rows differ most.

    Args:
        learning_rate: float, schedule or callable. Defaults to `0.001`.
        beta_1, beta_2: floats, how much of the moments stays at a step. Default to `0.9` and `0.999`.
        epsilon: float. Defaults to `1e-7`.
        kwargs: what Keras's Adam takes, but `weight_decay` and `amsgrad`.

    Raises:
        ValueError: `weight_decay` or `amsgrad` is set; neither has a lazy form here.

    Reference:
        Kingma and Ba, 2014, arXiv:1412.6980; the lazy form is that of TensorFlow Addons' `LazyAdam`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        for name in ("weight_decay", "amsgrad"):
            if kwargs.get(name):
                raise ValueError(f"`{name}` must not be set: it has no lazy form. Received: {name}={kwargs[name]}")
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **kwargs)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one weight, or the rows of a table that the gradient names."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        gradient = summed_by_row(gradient)
        rows, slope = gradient.indices, tf.cast(gradient.values, variable.dtype)
        place = self._get_variable_index(variable)
        first, second = self._momentums[place].value, self._velocities[place].value
        step = tf.cast(self.iterations.value + 1, variable.dtype)
        rate = tf.cast(learning_rate, variable.dtype)
        rate = rate * tf.sqrt(1.0 - tf.pow(self.beta_2, step)) / (1.0 - tf.pow(self.beta_1, step))
        mean = self.beta_1 * tf.gather(first, rows) + (1.0 - self.beta_1) * slope
        square = self.beta_2 * tf.gather(second, rows) + (1.0 - self.beta_2) * tf.square(slope)
        first.scatter_update(tf.IndexedSlices(mean, rows))
        second.scatter_update(tf.IndexedSlices(square, rows))
        variable.scatter_sub(tf.IndexedSlices(rate * mean / (tf.sqrt(square) + self.epsilon), rows))
