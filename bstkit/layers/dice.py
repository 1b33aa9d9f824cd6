"""DIN's activation, which adapts to how its inputs are distributed."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class Dice(keras.layers.Layer):
    """Return `p * x + (1 - p) * alpha * x` with `p = sigmoid(normalised x)`, one `alpha` a channel.

    Training normalises by the batch and keeps moving statistics; inference uses those. The layer computes in float32.

    Args:
        momentum: float in `[0, 1)`, how much of the moving statistics each batch keeps. Defaults to `0.99`.
        epsilon: float > 0, added to the variance. Defaults to `1e-9`.

    Call arguments:
        inputs: float tensor `(batch, ..., dim)`.
        mask: optional bool tensor `(batch, ...)`. Where it is False, values do not count in the statistics; they are
            activated like the others. Without it every value counts, padding included, as in DeepCTR.

    Returns:
        Float tensor with the shape of `inputs`.

    Raises:
        ValueError: an argument is out of range.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `Dice`, which has no mask.
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-9, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= momentum < 1:
            raise ValueError(f"`momentum` must lie in [0, 1). Received: momentum={momentum}")
        if epsilon <= 0:
            raise ValueError(f"`epsilon` must be above 0. Received: epsilon={epsilon}")
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create alpha and the moving statistics."""
        self.alphas = self._channel_weight("alphas", inputs_shape, "zeros", True)
        self.moving_mean = self._channel_weight("moving_mean", inputs_shape, "zeros", False)
        self.moving_variance = self._channel_weight("moving_variance", inputs_shape, "ones", False)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Activate."""
        values = ops.cast(inputs, "float32")  # a variance plus 1e-9 is 0 in float16
        if training and self.trainable:
            mean, variance = self._batch_statistics(values, mask)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        gate = ops.sigmoid((values - mean) * ops.rsqrt(variance + self.epsilon))
        return ops.cast(values * (gate + self.alphas * (1.0 - gate)), self.compute_dtype)

    def to_onnx(self, op: Any, inputs: Any, mask: Any = None) -> Any:
        """Six nodes: what depends on weights alone is computed when the file is written."""
        if self.compute_dtype != "float32":
            return NotImplemented
        scale = op.weight(self.moving_variance, fn=self._inverse_deviation)
        gate = op.Sigmoid(op.Mul(op.Sub(inputs, op.weight(self.moving_mean)), scale))
        rest = op.weight(self.alphas, fn=_one_minus)
        return op.Mul(inputs, op.Add(op.Mul(gate, rest), op.weight(self.alphas)))

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}

    def _channel_weight(self, name: str, shape: tuple[int | None, ...], start: str, trainable: bool) -> Any:
        return self.add_weight(
            name=name, shape=shape[-1:], initializer=start, trainable=trainable, dtype="float32", autocast=False
        )

    def _inverse_deviation(self, variance: Any) -> Any:
        return (1.0 / np.sqrt(variance + np.float32(self.epsilon))).astype(np.float32)

    def _batch_statistics(self, values: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance of each channel, folded into the moving ones; a batch without a real value teaches none."""
        axes = tuple(range(len(values.shape) - 1))
        real = ops.ones_like(values[..., :1]) if mask is None else ops.cast(ops.expand_dims(mask, -1), values.dtype)
        count = ops.maximum(ops.sum(real), 1.0)
        mean = ops.sum(ops.where(real > 0, values, 0.0), axis=axes) / count
        variance = ops.sum(ops.where(real > 0, ops.square(values - mean), 0.0), axis=axes) / count
        kept = ops.where(ops.sum(real) > 0, self.momentum, 1.0)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * kept + ops.stop_gradient(batch) * (1.0 - kept))
        return mean, variance


def _one_minus(alphas: Any) -> Any:
    """What the gate adds to alpha: `gate + alpha * (1 - gate)` is `alpha + gate * (1 - alpha)`."""
    return np.float32(1.0) - alphas
