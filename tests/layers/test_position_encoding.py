"""Positions as a plain layer: sinusoids that train, start at zero, scale, and take any length."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.layers.position_encoding import PositionEncoding
from bstkit.layers.sinusoid import sinusoid_table

STEPS = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)


def test_encoding_by_hand():
    layer = PositionEncoding(trainable=False)
    expected = [[[0.0, 1.0], [np.sin(1), np.cos(1)]]]
    np.testing.assert_allclose(layer(np.zeros((1, 2, 2), np.float32)), expected, atol=1e-7)


@pytest.mark.parametrize(
    ("scale", "on_sequence", "on_table"), [("none", 1, 1), ("sequence", 6**0.5, 1), ("encoding", 1, 6**0.5)]
)
@pytest.mark.parametrize("zero_pad", [False, True])
def test_scale_and_zero_pad(scale, on_sequence, on_table, zero_pad):
    table = sinusoid_table(4, 6)
    table[0] *= not zero_pad
    layer = PositionEncoding(zero_pad=zero_pad, scale=scale)
    np.testing.assert_allclose(layer(STEPS), STEPS * on_sequence + table * on_table, rtol=1e-5, atol=1e-6)
    assert layer.count_params() == 24


def test_first_positions_serve_a_shorter_sequence_and_steps_choose_theirs():
    layer = PositionEncoding(max_steps=9)
    added = np.array(layer(STEPS)) - STEPS
    np.testing.assert_allclose(np.array(layer(STEPS[:, :2])) - STEPS[:, :2], added[:, :2], atol=1e-6)
    chosen = np.array(layer(STEPS, step=np.array([0, 1, 2, 8]))) - STEPS
    np.testing.assert_allclose(chosen[0], sinusoid_table(9, 6)[[0, 1, 2, 8]], atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(3)))
def test_rows_are_independent(order):
    layer = PositionEncoding(max_steps=4)
    together = np.array(layer(STEPS))
    np.testing.assert_array_equal(layer(STEPS[order]), together[order])
    np.testing.assert_array_equal(layer(STEPS[:1]), together[:1])


@pytest.mark.parametrize("trainable", [False, True])
def test_config_round_trips_with_the_same_result(trainable):
    layer = PositionEncoding(5, trainable, zero_pad=True, scale="encoding")
    expected = layer(STEPS)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    np.testing.assert_array_equal(twin(STEPS), expected)
    assert twin.count_params() == layer.count_params()


def test_half_precision_is_kept():
    result = PositionEncoding(dtype="float16")(STEPS.astype(np.float16))
    assert np.array(result).dtype == np.float16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_steps": 0}, "Received: max_steps=0"),
        ({"scale": True}, "Received: scale=True"),
        ({}, "`max_steps` must be given where the length is free"),
    ],
)
def test_wrong_argument_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PositionEncoding(**arguments).build((None, None, 6))
