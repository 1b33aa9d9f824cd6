"""CrossNetwork by hand and in float64, with full and low-rank matrices."""

import keras
import numpy as np
import pytest

from bstkit.layers.cross_network import CrossNetwork

INPUTS = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)


def made(rank=None, num_layers=2, dtype="float32"):
    """A network whose biases are not zero."""
    layer = CrossNetwork(num_layers, rank, dtype=dtype)
    layer.build((None, 4))
    rng = np.random.default_rng(2)
    for weight in layer.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return layer


def formula(layer, inputs):
    """Equations 1 and 2 of the paper in float64."""
    inputs = crossed = inputs.astype(np.float64)
    for number, dense in enumerate(layer.crosses):
        reduced = crossed if layer.rank is None else crossed @ layer.narrow[number].kernel.numpy().astype(np.float64)
        crossed = inputs * (reduced @ dense.kernel.numpy() + dense.bias.numpy()) + crossed
    return crossed


def test_two_layers_by_hand():
    layer = CrossNetwork(2)
    layer.build((None, 2))
    for dense in layer.crosses:
        dense.kernel.assign([[0.0, 1.0], [1.0, 0.0]])  # each feature times the other one
        dense.bias.assign([1.0, 0.0])
    # (2, 3) -> (2 * (3 + 1) + 2, 3 * 2 + 3) = (10, 9) -> (2 * (9 + 1) + 10, 3 * 10 + 9)
    np.testing.assert_allclose(layer(np.array([[2.0, 3.0]], np.float32)), [[30.0, 39.0]], rtol=1e-6)


@pytest.mark.parametrize("rank", [None, 1, 3])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_equals_the_formula(rank, num_layers):
    layer = made(rank, num_layers)
    np.testing.assert_allclose(layer(INPUTS), formula(layer, INPUTS), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(made(rank, dtype="float16")(INPUTS), formula(made(rank), INPUTS), rtol=0.05, atol=0.05)


def test_low_rank_of_a_product_equals_the_full_matrix():
    narrow, full = made(2, num_layers=1), made(num_layers=1)
    full.crosses[0].kernel.assign(narrow.narrow[0].kernel.numpy() @ narrow.crosses[0].kernel.numpy())
    full.crosses[0].bias.assign(narrow.crosses[0].bias)
    np.testing.assert_allclose(full(INPUTS), narrow(INPUTS), rtol=1e-5, atol=1e-6)
    assert narrow.count_params() == 2 * 4 * 2 + 4


@pytest.mark.parametrize("rank", [None, 2])
def test_config_round_trips_with_the_same_result(rank):
    layer = made(rank, num_layers=3)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(INPUTS), layer(INPUTS))


@pytest.mark.parametrize(
    ("arguments", "message"), [({"num_layers": 0}, "Received: num_layers=0"), ({"rank": 0}, "Received: rank=0")]
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CrossNetwork(**arguments)
