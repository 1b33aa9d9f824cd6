"""Positions: what is added, what is scaled, what is learned."""

import keras
import numpy as np
import pytest

from bstkit.layers.sinusoid import sinusoid_table
from bstkit.plugins.sinusoidal import SinusoidalPosition

STEP = np.array([0, 1, 2, 3, 4, 9], np.int32)  # the last one is an appended candidate


@pytest.mark.parametrize(
    ("scale", "on_sequence", "on_encoding"),
    [("none", 1.0, 1.0), ("sequence", 8**0.5, 1.0), ("encoding", 1.0, 8**0.5)],
)
def test_scale_says_what_is_multiplied(scale, on_sequence, on_encoding, sequence, mask):
    layer = SinusoidalPosition(max_steps=10, scale=scale)
    expected = sequence * on_sequence + sinusoid_table(10, 8)[STEP] * on_encoding
    np.testing.assert_allclose(layer(sequence, mask, STEP), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("trainable", "parameters"), [(False, 0), (True, 80)])
def test_table_is_a_weight_only_where_it_is_trained(trainable, parameters, sequence, mask):
    layer = SinusoidalPosition(max_steps=10, trainable=trainable)
    layer(sequence, mask, STEP)
    assert layer.count_params() == parameters
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    np.testing.assert_allclose(twin(sequence, mask, STEP), layer(sequence, mask, STEP))
    assert twin.count_params() == parameters


def test_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="Received: scale='both'"):
        SinusoidalPosition(max_steps=3, scale="both")
