"""DynamicGRU: each cell worked by hand, and what it refuses."""

import numpy as np
import pytest

from bstkit.layers.dynamic_gru import DynamicGRU

UPDATE = 1 / (1 + np.exp(-1.0))  # of a gate's bias of one, where the kernels are zero
MASK = np.array([[True, False, True]])
SCORES = np.array([[0.25, 9.0, 1.5]], np.float32)


def walked(updates):
    """States after a real, a masked and a real step, for these shares of the state kept; the candidate is 1/2."""
    first = (1 - updates[0]) * 0.5
    second = updates[1] * first + (1 - updates[1]) * 0.5
    return [first, 0.0, second]


def zero_kernels(layer):
    """The candidate is tanh of its bias, 1/2, whatever the layer reads."""
    layer.build((1, 3, 2))
    layer.gate_kernel.assign(np.zeros(layer.gate_kernel.shape))
    layer.candidate_kernel.assign(np.zeros(layer.candidate_kernel.shape))
    layer.candidate_bias.assign(np.full(layer.candidate_bias.shape, np.arctanh(0.5)))
    return layer


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("gru", (UPDATE, UPDATE)),
        ("aigru", (UPDATE, UPDATE)),
        ("agru", (1 - 0.25, 1 - 1.5)),  # scores are taken as they are, past 1 too
        ("augru", ((1 - 0.25) * UPDATE, (1 - 1.5) * UPDATE)),
    ],
)
def test_cells_by_hand(cell, kept):
    sequence = np.full((1, 3, 2), 7.0, np.float32)
    every = zero_kernels(DynamicGRU(1, cell))(sequence, MASK, SCORES)
    np.testing.assert_allclose(np.asarray(every)[0, :, 0], walked(kept), atol=1e-6)
    last = zero_kernels(DynamicGRU(1, cell, return_sequences=False))(sequence, MASK, SCORES)
    np.testing.assert_allclose(last, [[walked(kept)[2]]], atol=1e-6)


def test_reset_comes_before_the_product():
    layer = DynamicGRU(1)
    layer.build((1, 2, 1))
    layer.gate_kernel.assign(np.zeros((2, 2)))
    layer.gate_bias.assign([np.log(3.0), -30.0])  # reset 3/4, update 0
    layer.candidate_kernel.assign([[1.0], [2.0]])
    first = np.tanh(0.5)
    second = np.tanh(-0.5 + 2.0 * 0.75 * first)
    result = layer(np.array([[[0.5], [-0.5]]], np.float32), np.ones((1, 2), bool))
    np.testing.assert_allclose(np.asarray(result)[0, :, 0], [first, second], atol=1e-6)


def test_aigru_is_gru_on_the_weighted_sequence():
    rng = np.random.default_rng(0)
    sequence, mask = rng.normal(size=(2, 3, 4)).astype("f"), np.array([[1, 0, 1], [1, 1, 1]], bool)
    weight = rng.uniform(size=(2, 3)).astype("f")
    aigru, gru = DynamicGRU(cell="aigru"), DynamicGRU()
    inside = aigru(sequence, mask, weight)
    gru.build(sequence.shape)
    gru.set_weights(aigru.get_weights())
    outside = gru(sequence * weight[..., None], mask)
    np.testing.assert_allclose(inside, outside, atol=1e-6)
    np.testing.assert_allclose(aigru(sequence * weight[..., None], mask), outside, atol=1e-6)


def test_weights_are_deepctrs_and_all_of_them_trained():
    layer = DynamicGRU(3, "agru")
    layer.build((None, None, 5))
    shapes = {weight.name: tuple(weight.shape) for weight in layer.trainable_weights}
    assert shapes == {
        "gate_kernel": (8, 6),
        "gate_bias": (6,),
        "candidate_kernel": (8, 3),
        "candidate_bias": (3,),
    }
    np.testing.assert_array_equal(layer.gate_bias, np.ones(6))
    np.testing.assert_array_equal(layer.candidate_bias, np.zeros(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"units": 0}, "Received: units=0"), ({"cell": "lstm"}, "Received: cell='lstm'")],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DynamicGRU(**arguments)


@pytest.mark.parametrize("cell", ["agru", "augru"])
def test_missing_scores_are_refused(cell):
    with pytest.raises(ValueError, match="`weight` must be given"):
        DynamicGRU(cell=cell)(np.zeros((1, 2, 3), np.float32), np.ones((1, 2), bool))
