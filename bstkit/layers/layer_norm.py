"""Layer normalisation that stays exact where a row is almost constant."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class LayerNorm(keras.layers.Layer):
    """Subtract the mean over the last axis, then divide by the deviation, then scale and shift.

    Keras's own layer multiplies first and subtracts then: with an epsilon as small as DeepCTR's it is off by 1e-2 where
    a row is constant, such as heads of width 1. This one is exact there, and is exported as the same formula.

    Args:
        epsilon: float > 0, added to the variance. Defaults to `1e-9`, as in DeepCTR.

    Call arguments:
        sequence: float tensor `(..., dim)`.

    Returns:
        Float tensor of the same shape. Half precision is computed in float32, which can hold epsilon.

    Reference:
        Ba et al., 2016, arXiv:1607.06450; DeepCTR `LayerNormalization`, biased variance.
    """

    def __init__(self, epsilon: float = 1e-9, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"`epsilon` must be above 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create gamma and beta."""
        self.gamma = self.add_weight(name="gamma", shape=(sequence_shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(sequence_shape[-1],), initializer="zeros")

    def call(self, sequence: Any) -> Any:
        """Normalise."""
        wide = ops.cast(sequence, keras.backend.result_type(sequence.dtype, "float32"))
        centred = wide - ops.mean(wide, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
        normal = ops.cast(centred / ops.sqrt(variance + self.epsilon), sequence.dtype)
        return normal * self.gamma + self.beta

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}
