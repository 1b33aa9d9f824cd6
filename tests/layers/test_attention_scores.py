"""Four kinds of scores, each by hand, and in half precision."""

import keras
import numpy as np
import pytest

from bstkit.layers.attention_scores import ATTENTION_TYPES, AttentionScores

QUERY = np.array([3.0, 4.0], np.float32).reshape(1, 1, 1, 2)
KEYS = np.array([[1.0, 0.0], [6.0, 8.0]], np.float32).reshape(1, 1, 2, 2)


@pytest.mark.parametrize(
    ("attention_type", "expected"),
    [
        ("scaled_dot_product", [3 / 2**0.5, 50 / 2**0.5]),
        ("cos", [20 * 0.6, 20.0]),
        ("ln", [-2 / 2**0.5, 2 / 2**0.5]),  # (-1, 1) against (1, -1) and (-1, 1)
        ("additive", [2 * np.tanh(4.5) + 3 * np.tanh(4.5), 2 * np.tanh(9.5) + 3 * np.tanh(12.5)]),
    ],
)
def test_scores_by_hand(attention_type, expected):
    layer = AttentionScores(attention_type)
    layer.build(QUERY.shape, KEYS.shape)
    if attention_type == "additive":
        layer.bias.assign([0.5, 0.5])
        layer.vector.assign([2.0, 3.0])
    np.testing.assert_allclose(layer(QUERY, KEYS)[0, 0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("attention_type", ATTENTION_TYPES)
@pytest.mark.parametrize("scale", [0.0, 1e-4, 300.0], ids=["zero", "tiny", "large"])
def test_half_precision_is_finite(attention_type, scale):
    rng = np.random.default_rng(0)
    query, key = (rng.normal(size=(2, 2, time, 4)).astype(np.float16) * np.float16(scale) for time in (3, 5))
    if attention_type == "scaled_dot_product":  # the product of two large vectors itself is past float16
        query, key = np.clip(query, -100, 100), np.clip(key, -100, 100)
    scores = np.array(AttentionScores(attention_type, dtype="float16")(query, key))
    assert scores.shape == (2, 2, 3, 5)
    assert scores.dtype == np.float16
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("attention_type", ATTENTION_TYPES)
def test_config_round_trips_with_the_same_result(attention_type):
    layer = AttentionScores(attention_type)
    expected = layer(QUERY, KEYS)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    twin(QUERY, KEYS)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(QUERY, KEYS), expected)


def test_unknown_type_is_refused():
    with pytest.raises(ValueError, match=r"`attention_type` must be one of .* Received: attention_type='dot'"):
        AttentionScores("dot")
