"""DenseStack: order of its parts, its activations, serialisation."""

import keras
import numpy as np
import pytest

from bstkit.layers.dense_stack import DenseStack

INPUTS = np.random.default_rng(6).normal(size=(8, 4)).astype(np.float32)


def test_by_hand_with_another_output_activation():
    stack = DenseStack([3, 1], "relu", output_activation="sigmoid")
    result = stack(INPUTS)
    first, second = (dense.get_weights() for dense in stack.dense)
    hidden = np.maximum(INPUTS @ first[0] + first[1], 0)
    np.testing.assert_allclose(result, 1 / (1 + np.exp(-(hidden @ second[0] + second[1]))), rtol=1e-5)


def test_without_layers_it_passes_on():
    np.testing.assert_array_equal(DenseStack([])(INPUTS), INPUTS)


@pytest.mark.parametrize("activation", ["relu", "dice", "prelu"])
@pytest.mark.parametrize("shape", [(8, 4), (4, 2, 4), (2, 2, 2, 4)], ids=str)
def test_config_round_trips_with_the_same_result(activation, shape):
    stack = DenseStack([3, 2], activation, batch_normalization=True, dropout=0.5)
    inputs = INPUTS.reshape(-1)[: np.prod(shape)].reshape(shape)
    stack(inputs, training=True)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(stack))
    twin.set_weights(stack.get_weights())
    np.testing.assert_array_equal(twin(inputs), stack(inputs))


def test_dropout_acts_in_training_alone():
    stack = DenseStack([64], "linear", dropout=0.5)
    stack(INPUTS)
    stack.dense[0].bias.assign(np.full(64, 100.0, np.float32))
    assert (np.array(stack(INPUTS)) != 0).all()
    assert (np.array(stack(INPUTS, training=True)) == 0).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": [0]}, r"Received: units=\(0,\)"),
        ({"dropout": 1.0}, "Received: dropout=1.0"),
        ({"activation": "dyce"}, "dyce"),
        ({"output_activation": "dyce"}, "dyce"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DenseStack(**arguments)
