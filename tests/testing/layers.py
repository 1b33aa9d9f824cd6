"""A good pooling, and what becomes of it when one thing after the other is done wrong."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

registered = keras.saving.register_keras_serializable(package="bstkit_mistakes")


@registered
class GoodPooling(keras.layers.Layer):
    """Average the real steps, each sent through a dense layer.

    Args:
        units: int >= 1. Defaults to `8`.
        rate: float in `[0, 1)`, dropout. Defaults to `0.1`.
    """

    def __init__(self, units: int = 8, rate: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` must be at least 1. Received: units={units}")
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must lie in [0, 1). Received: rate={rate}")
        self.units = units
        self.rate = rate
        self.dense = keras.layers.Dense(units, name="dense", dtype=self.dtype_policy)
        self.dropout = keras.layers.Dropout(rate, name="dropout", dtype=self.dtype_policy)

    def build(self, sequence_shape):
        self.dense.build(sequence_shape)

    def call(self, sequence, mask, training=None):
        seen = self.seen(sequence, mask)
        return self.average(self.dropout(ops.tanh(self.dense(seen)), training=training), mask)

    def seen(self, sequence, mask):
        """What stands at masked steps may be NaN."""
        return ops.where(mask[..., None], sequence, 0.0)

    def average(self, steps, mask):
        real = ops.cast(mask, steps.dtype)[..., None]
        return ops.sum(steps * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "rate": self.rate}


@registered
class NeedsUnits(GoodPooling):
    def __init__(self, units: int, **kwargs):
        super().__init__(units, **kwargs)


@registered
class SwallowsArguments(GoodPooling):
    def __init__(self, units: int = 8, rate: float = 0.1, **kwargs):
        own = {name: value for name, value in kwargs.items() if name in ("name", "dtype", "trainable")}
        super().__init__(units, rate, **own)


@registered
class HasUntypedParameter(GoodPooling):
    def __init__(self, units=8, **kwargs):
        super().__init__(units, **kwargs)


@registered
class TakesAnyRate(GoodPooling):
    def __init__(self, units: int = 8, rate: float = 0.1, **kwargs):
        super().__init__(units, 0.1, **kwargs)
        self.rate = rate


@registered
class RefusesNamelessly(GoodPooling):
    def __init__(self, widths: Sequence[int] = (8,), **kwargs):
        super().__init__(widths[0], **kwargs)
        self.widths = tuple(widths)

    def get_config(self):
        config = super().get_config()
        return {"widths": config.pop("units") and list(self.widths), **config}


@registered
class ForgetsRate(GoodPooling):
    def get_config(self):
        config = super().get_config()
        del config["rate"]
        return config


@registered
class TellsTheDefault(GoodPooling):
    def get_config(self):
        return {**super().get_config(), "units": 8}


class IsNotRegistered(GoodPooling):
    pass


@registered
class ReturnsAMatrix(GoodPooling):
    def average(self, steps, mask):
        return steps


@registered
class MisspellsATensor(GoodPooling):
    def call(self, sequence, mask, targett=None, training=None):
        return super().call(sequence, mask, training)


@registered
class KeepsTheBatch(GoodPooling):
    def average(self, steps, mask):
        pooled = super().average(steps, mask)
        return ops.reshape(pooled, (pooled.shape[0] or 6, self.units))


@registered
class ReadsPadding(GoodPooling):
    def seen(self, sequence, mask):
        return sequence

    def average(self, steps, mask):
        return ops.mean(steps, axis=1)


@registered
class CountsPadding(GoodPooling):
    def average(self, steps, mask):
        real = ops.cast(mask, steps.dtype)[..., None]
        return ops.sum(steps * real, axis=1) / ops.cast(ops.shape(steps)[1], steps.dtype)


@registered
class DividesByNothing(GoodPooling):
    def average(self, steps, mask):
        real = ops.cast(mask, steps.dtype)[..., None]
        return ops.sum(steps * real, axis=1) / ops.sum(real, axis=1)


@registered
class DividesByALittle(GoodPooling):
    """Right in float32; in float16 the little is nothing."""

    def average(self, steps, mask):
        real = ops.cast(mask, steps.dtype)[..., None]
        return ops.sum(steps * real, axis=1) / (ops.sum(real, axis=1) + 1e-9)


@registered
class PoolsNothingToOne(GoodPooling):
    def average(self, steps, mask):
        return super().average(steps, mask) + 1.0


@registered
class NormalisesTheBatch(GoodPooling):
    def average(self, steps, mask):
        pooled = super().average(steps, mask)
        return pooled / (1.0 + ops.max(ops.abs(pooled), axis=0, keepdims=True))


@registered
class AlwaysDrops(GoodPooling):
    def call(self, sequence, mask, training=None):
        return super().call(sequence, mask, training=True)


@registered
class StopsTheGradient(GoodPooling):
    def average(self, steps, mask):
        return ops.stop_gradient(super().average(steps, mask)) + 0.0 * ops.sum(ops.where(mask[..., None], steps, 0.0))


@registered
class HasAnIdleWeight(GoodPooling):
    def build(self, sequence_shape):
        super().build(sequence_shape)
        self.idle = self.add_weight(name="idle", shape=(3,))


@registered
class ComputesInFloat32(GoodPooling):
    def average(self, steps, mask):
        return tf.multiply(super().average(steps, mask), tf.constant(0.5, tf.float32))


@registered
class OverflowsInFloat16(GoodPooling):
    def average(self, steps, mask):
        return super().average(steps * 60_000.0, mask) * 60_000.0


@registered
class DrawsInTheConstructor(GoodPooling):
    def __init__(self, units: int = 8, rate: float = 0.1, **kwargs):
        super().__init__(units, rate, **kwargs)
        self.factor = float(np.random.default_rng().uniform(1, 2))

    def average(self, steps, mask):
        return self.factor * super().average(steps, mask)


@registered
class CannotBeConverted(GoodPooling):
    def average(self, steps, mask):
        return tf.math.bessel_i0e(super().average(steps, mask)) * ops.cast(ops.any(mask, axis=1), steps.dtype)[:, None]


@registered
class IsLoweredWrongly(GoodPooling):
    def to_onnx(self, op, sequence, mask):
        real = op.Cast(op.Unsqueeze(mask, [2]), to="float32")
        steps = op.Tanh(op.layer(self.dense, sequence))
        total = op.ReduceSum(op.Mul(steps, real), [1], keepdims=0)
        return op.Div(total, op.Max(op.ReduceSum(real, [1], keepdims=0), 2.0))  # at least 1 is right


@registered
class Loops(GoodPooling):
    def average(self, steps, mask):
        pooled = super().average(steps, mask)
        halved = tf.while_loop(
            lambda step, _: step < tf.shape(steps)[1], lambda step, x: (step + 1, x * 0.5), (tf.constant(0), pooled)
        )[1]
        return halved * 0.0 + pooled


@registered
class ComputesInFloat64(GoodPooling):
    def average(self, steps, mask):
        return ops.cast(ops.cast(super().average(steps, mask), "float64") * 0.5, steps.dtype)
