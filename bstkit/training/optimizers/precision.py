"""`[train] precision`: train in short floats, serve in float32."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from bstkit.compose import Composed, compose
from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.features.tables import tables_of_zeros
from bstkit.precision import computing_in
from bstkit.registry import Registry
from bstkit.training.endurance.variables import own_value


class LossScale(keras.optimizers.LossScaleOptimizer):
    """Keras's loss scaling, which float16 needs, at a cost that does not depend on the length of tables.

    Keras looks for infinities in a whole table; here in the rows that a batch shows.
    """

    def check_finite(self, grads: list[Any]) -> Any:
        """Whether every number of the gradients is finite."""
        return super().check_finite([one.values if isinstance(one, tf.IndexedSlices) else one for one in grads])


def compose_for_training(selection: Selection, features: Features, registry: Registry) -> Composed:
    """Compose in the precision of `[train]`; the weights are float32 in each."""
    with computing_in(selection.train.precision):
        return compose(selection, features, registry)


def in_float32(composed: Composed, registry: Registry) -> Composed:
    """The model that is scored, kept and served: of the same weights, computing in float32.

    Args:
        composed: trained, from `compose_for_training`; given back as it is where it computes in float32 already.
        registry: that it was composed with.
    """
    if composed.selection.train.precision == "float32":
        return composed
    with computing_in("float32"), tables_of_zeros():
        served = compose(composed.selection, composed.features, registry)
    trained = {one.path: one for one in composed.training.weights}
    for weight in served.training.weights:
        weight.assign(own_value(trained[weight.path]))
    return served
