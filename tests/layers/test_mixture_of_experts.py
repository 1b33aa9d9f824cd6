"""MixtureOfExperts by hand and in float64; one expert; what it refuses."""

import keras
import numpy as np
import pytest

from bstkit.layers.mixture_of_experts import MixtureOfExperts

INPUTS = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)


def test_gates_mix_by_hand():
    layer = MixtureOfExperts(2, num_experts=2, units=[1], activation="linear")
    layer.build((None, 1))
    for expert, factor in zip(layer.experts, (10.0, 20.0), strict=True):
        expert.dense[0].kernel.assign([[factor]])
    layer.gates[0].kernel.assign([[np.log(3.0), 0.0]])  # 3/4 and 1/4
    layer.gates[1].kernel.assign([[0.0, 0.0]])
    np.testing.assert_allclose(layer(np.ones((1, 1), np.float32)), [[[12.5]], [[15.0]]], rtol=1e-6)


def formula(layer, inputs):
    """Equations 6 and 7 of the paper in float64, with relu experts."""
    said = []
    for expert in layer.experts:
        hidden = inputs.astype(np.float64)
        for dense in expert.dense:
            hidden = np.maximum(hidden @ dense.kernel.numpy() + dense.bias.numpy(), 0.0)
        said.append(hidden)
    mixtures = []
    for gate in layer.gates:
        share = np.exp(inputs.astype(np.float64) @ gate.kernel.numpy())
        share /= share.sum(1, keepdims=True)
        mixtures.append(sum(share[:, [number]] * expert for number, expert in enumerate(said)))
    return mixtures


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-5), ("float16", 0.02)])
def test_equals_the_formula(dtype, atol):
    layer = MixtureOfExperts(3, num_experts=4, units=[6, 5], dtype=dtype)
    for mixture, expected in zip(layer(INPUTS), formula(layer, INPUTS), strict=True):
        np.testing.assert_allclose(mixture, expected, atol=atol)


def test_single_expert_needs_no_gate():
    layer = MixtureOfExperts(2, num_experts=1, units=[5])
    first, second = layer(INPUTS)
    np.testing.assert_array_equal(first, layer.experts[0](INPUTS))
    np.testing.assert_array_equal(first, second)
    assert not layer.gates


def test_config_round_trips_with_the_same_result():
    layer = MixtureOfExperts(2, num_experts=3, units=[5], activation="prelu", dropout=0.25)
    expected = layer(INPUTS)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()
    twin.set_weights(layer.get_weights())
    for actual, mixture in zip(twin(INPUTS), expected, strict=True):
        np.testing.assert_array_equal(actual, mixture)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_gates": 0}, "Received: num_gates=0"),
        ({"num_experts": 0}, "Received: num_experts=0"),
        ({"units": []}, r"Received: units=\(\)"),
        ({"units": [0]}, r"Received: units=\(0,\)"),
        ({"dropout": 1.0}, "Received: dropout=1.0"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MixtureOfExperts(**{"num_gates": 1} | arguments)
