"""Numeric context columns: missing values, standardising and bucketing, with their constants as weights."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


def _is_missing(value: Any) -> Any:
    return ops.not_equal(value, value)  # only NaN differs from itself


@keras.saving.register_keras_serializable(package="bstkit")
class Standardise(keras.layers.Layer):
    """Subtract the mean, divide by the standard deviation.

    Args:
        mean: float, of the training rows.
        std: float > 0, of the training rows.
        missing: float or None, what NaN stands for; None: the mean, which becomes 0.

    Call arguments:
        value: float32 tensor `(batch,)`; NaN is missing.

    Returns:
        Float tensor `(batch, 1)`.
    """

    def __init__(self, mean: float, std: float, missing: float | None = None, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # the log's numbers, which half precision cannot hold
        if not std > 0:
            raise ValueError(f"`std` must be above 0. Received: std={std}")
        self.mean, self.std, self.missing = mean, std, missing

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Keep the constants as weights."""
        self.statistics = {
            name: self.add_weight(
                name=name,
                shape=(),
                initializer=keras.initializers.Constant(value),
                trainable=False,
                dtype="float32",
                autocast=False,
            )
            for name, value in (("mean", self.mean), ("std", self.std))
        }

    def call(self, value: Any) -> Any:
        """Standardise in float32, whatever the compute dtype."""
        mean, std = (ops.cast(self.statistics[name], "float32") for name in ("mean", "std"))
        fallback = mean if self.missing is None else ops.convert_to_tensor(self.missing, "float32")
        value = ops.where(_is_missing(value), fallback, value)
        return ops.cast(ops.expand_dims((value - mean) / std, 1), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "std": self.std, "missing": self.missing}


@keras.saving.register_keras_serializable(package="bstkit")
class Bucket(keras.layers.Layer):
    """Number the interval of a value: 1 below the first edge, `len(edges) + 1` from the last one on, 0 missing.

    Args:
        edges: rising floats.
        missing: float or None, what NaN stands for; None: a bucket of its own, 0.

    Call arguments:
        value: float32 tensor `(batch,)`; NaN is missing.

    Returns:
        int32 tensor `(batch,)` in `[0, len(edges) + 1]`.
    """

    def __init__(self, edges: Sequence[float], missing: float | None = None, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # the log's numbers, which half precision cannot hold
        if list(edges) != sorted(set(edges)) or not edges:
            raise ValueError(f"`edges` must be rising. Received: edges={tuple(edges)}")
        self.edges, self.missing = tuple(edges), missing

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Keep the edges as a weight."""
        start = keras.initializers.Constant(np.array(self.edges, np.float32))
        self.edge_values = self.add_weight(
            name="edges",
            shape=(len(self.edges),),
            initializer=start,
            trainable=False,
            dtype="float32",
            autocast=False,
        )

    def call(self, value: Any) -> Any:
        """Count the edges at or below the value."""
        if self.missing is not None:
            value = ops.where(_is_missing(value), ops.convert_to_tensor(self.missing, "float32"), value)
        edges = ops.cast(self.edge_values, "float32")
        passed = ops.sum(ops.cast(ops.greater_equal(ops.expand_dims(value, 1), edges), "int32"), axis=1)
        return ops.where(_is_missing(value), 0, passed + 1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "edges": list(self.edges), "missing": self.missing}
