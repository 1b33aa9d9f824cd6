"""TensorFlow's side of verification: every case is scored once."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.export.cases import Feeds

Scores = dict[str, np.ndarray[Any, Any]]


class Reference:
    """Scores inputs with `composed.serving` and remembers what it scored.

    Args:
        composed: the model.
    """

    def __init__(self, composed: Composed) -> None:
        signature = {spec.name: tf.TensorSpec([None] * len(spec.dims), spec.dtype) for spec in composed.inputs}
        self.outputs = tuple(composed.serving.output_names)
        # The trace that is exported has no autograph either: a layer that needs it cannot be exported.
        self._function = tf.function(
            lambda feeds: composed.serving(feeds, training=False), input_signature=[signature], autograph=False
        )
        # Feeds are kept with their scores, so that an id is not used again.
        self._scored: dict[int, tuple[Feeds, Scores]] = {}

    def score(self, feeds: Feeds) -> Scores:
        """Output name -> float32 array `(batch, 1)`."""
        if id(feeds) not in self._scored:
            tensors = {name: tf.constant(values) for name, values in feeds.items()}
            scores = {name: tensor.numpy() for name, tensor in self._function(tensors).items()}
            self._scored[id(feeds)] = (feeds, scores)
        return self._scored[id(feeds)][1]
