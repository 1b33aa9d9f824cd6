"""Layer normalisation: the formula, where Keras's own is not exact."""

import keras
import numpy as np
import pytest

from bstkit.layers.layer_norm import LayerNorm


def test_row_by_hand():
    layer = LayerNorm()
    layer.build((None, 2))
    layer.gamma.assign([2.0, 1.0])
    layer.beta.assign([0.0, 5.0])
    np.testing.assert_allclose(layer(np.array([[1.0, 3.0]], np.float32)), [[-2.0, 6.0]], rtol=1e-6)


def test_row_of_one_value_is_beta_exactly():
    rows = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    np.testing.assert_array_equal(LayerNorm()(rows), np.zeros((50, 1)))


def test_almost_constant_row_equals_the_formula_in_float64():
    rows = (3 + 1e-3 * np.random.default_rng(0).normal(size=(20, 4))).astype(np.float32)
    wide = rows.astype(np.float64)
    centred = wide - wide.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-9)
    np.testing.assert_allclose(LayerNorm()(rows), expected, rtol=1e-3, atol=1e-3)


def test_half_precision_is_finite():
    rows = np.array([[300.0, 300.0], [-2e4, 2e4]], np.float16)
    np.testing.assert_allclose(LayerNorm(dtype="float16")(rows), [[0, 0], [-1, 1]], atol=1e-3)


def test_config_round_trips():
    layer = LayerNorm(epsilon=0.5)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.epsilon == 0.5


def test_epsilon_of_zero_is_refused():
    with pytest.raises(ValueError, match="Received: epsilon=0"):
        LayerNorm(epsilon=0)
