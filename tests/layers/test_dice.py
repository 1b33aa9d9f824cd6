"""Dice by hand: what it computes, what it learns from, how finite it stays."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from bstkit.layers.dice import Dice

VALUES = np.random.default_rng(4).normal(2.0, 3.0, size=(4, 5, 3)).astype(np.float32)


def test_inference_by_hand():
    layer = Dice(epsilon=1.0)
    layer.build((None, 1))
    layer.alphas.assign([0.5])
    layer.moving_mean.assign([1.0])
    layer.moving_variance.assign([3.0])  # with epsilon, a deviation of 2
    gate = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(layer(np.array([[5.0]], np.float32)), [[5 * gate + 0.5 * 5 * (1 - gate)]], rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(mask=hnp.arrays(bool, (4, 5)))
def test_training_learns_from_real_values_alone(mask):
    layer = Dice(momentum=0.9)
    dirty = np.where(mask[..., None], VALUES, np.float32(1e3))
    result = np.array(layer(dirty, mask=mask, training=True))
    real = VALUES[mask]
    mean, variance = (real.mean(axis=0), real.var(axis=0)) if len(real) else (np.zeros(3), np.ones(3))
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, atol=1e-4)
    gate = 1 / (1 + np.exp(-(real - mean) / np.sqrt(variance + 1e-9)))
    np.testing.assert_allclose(result[mask], gate * real, atol=1e-4)
    assert np.isfinite(result).all()


def test_frozen_layer_does_not_learn():
    layer = Dice()
    layer.trainable = False
    layer(VALUES, training=True)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(3))


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_half_precision_keeps_its_statistics_in_float32(policy):
    layer = Dice(dtype=policy)
    result = layer(np.full((2, 3), 7.0), training=True)  # variance 0: only epsilon keeps it finite
    assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(result, "float32"))).all()
    assert keras.backend.standardize_dtype(layer.moving_variance.dtype) == "float32"


@pytest.mark.parametrize(("name", "value"), [("momentum", 1.0), ("epsilon", 0.0)])
def test_bad_arguments_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}={value}"):
        Dice(**{name: value})
