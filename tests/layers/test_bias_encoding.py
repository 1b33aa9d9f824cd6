"""Biases of sessions, positions and channels: as a list, as one tensor, and DeepCTR's single session."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.layers.bias_encoding import BiasEncoding

SESSIONS = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)  # (batch, sessions, time, dim)


def made(num_sessions=3, **arguments):
    layer = BiasEncoding(num_sessions, max_steps=4, **arguments)
    layer.build((2, num_sessions, 4, 5))
    layer.session_bias.assign(np.arange(1, num_sessions + 1).reshape(-1, 1, 1))
    layer.step_bias.assign(np.array([10, 20, 30, 40]).reshape(1, 4, 1))
    layer.channel_bias.assign(np.array([100, 200, 300, 400, 500]).reshape(1, 1, 5))
    return layer


def test_biases_by_hand():
    result = np.array(made()(np.zeros_like(SESSIONS)))
    assert result[1, 0, 0, 0] == 111
    assert result[0, 2, 1, 3] == 423
    assert result[0, 1, 3, 4] == 542


def test_list_and_tensor_agree():
    layer = made()
    result = layer([SESSIONS[:, i] for i in range(3)])
    assert isinstance(result, list)
    np.testing.assert_allclose(np.stack(result, 1), layer(SESSIONS))


def test_list_builds_the_layer():
    assert [y.shape for y in BiasEncoding(2)([SESSIONS[:, 0], SESSIONS[:, 1]])] == [(2, 4, 5)] * 2


@pytest.mark.parametrize(("exact", "rows"), [(False, 2), (True, 1)])
def test_one_bare_session_keeps_its_rows_unless_exact(exact, rows):
    one = SESSIONS[:, 0]
    result = np.array(made(1, deepctr_exact=exact)(one))
    expected = np.array(made(1)([one])[0])
    np.testing.assert_array_equal(result, expected[:rows])


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(2)), time=st.integers(1, 4))
def test_rows_are_independent_and_shorter_sessions_take_the_first_biases(order, time):
    layer = made()
    together = np.array(layer(SESSIONS))
    np.testing.assert_array_equal(layer(SESSIONS[order]), together[order])
    np.testing.assert_array_equal(layer(SESSIONS[:, :, :time]), together[:, :, :time])


def test_config_round_trips_with_the_same_result():
    layer = made()
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(SESSIONS), layer(SESSIONS))


def test_free_length_builds_a_model():
    sessions = [keras.Input((None, 5)) for _ in range(2)]
    model = keras.Model(sessions, BiasEncoding(2, max_steps=4)(sessions))
    assert [y.shape for y in model([SESSIONS[:, 0], SESSIONS[:, 1]])] == [(2, 4, 5)] * 2


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        ({"num_sessions": 0}, (2, 3, 4, 5), "Received: num_sessions=0"),
        ({"num_sessions": 1, "max_steps": 0}, (2, 1, 4, 5), "Received: max_steps=0"),
        ({"num_sessions": 2}, (2, 3, 4, 5), "must hold num_sessions=2 sessions. Received: 3 sessions"),
        ({"num_sessions": 3}, (2, 3, None, 5), "`max_steps` must be given where the length is free"),
    ],
)
def test_wrong_argument_is_refused(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        BiasEncoding(**arguments).build(shape)
