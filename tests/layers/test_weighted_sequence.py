"""WeightedSequence by hand: scalar and vector weights, normalised or not, and DeepCTR's empty row."""

import numpy as np
import pytest

from bstkit.layers.weighted_sequence import WeightedSequence

STEPS = np.array([[[1.0, -2.0], [3.0, -4.0], [50.0, 60.0]]], np.float32)
MASK = np.array([[True, True, False]])
SCALAR = np.log(np.array([[1.0, 3.0, 9.0]], np.float32))


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("weight", [SCALAR, SCALAR[..., None]], ids=["rank_2", "rank_3"])
def test_scalar_weights(weight, exact):
    normalised = WeightedSequence(deepctr_exact=exact)(STEPS, weight, mask=MASK)
    np.testing.assert_allclose(normalised, [[[0.25, -0.5], [2.25, -3.0], [0.0, 0.0]]], rtol=1e-6)
    plain = WeightedSequence(weight_normalization=False, deepctr_exact=exact)(STEPS, weight, mask=MASK)
    np.testing.assert_allclose(plain, [[[0.0, 0.0], np.log(3) * STEPS[0, 1], [0.0, 0.0]]], rtol=1e-6)


def test_vector_weights_are_normalised_channel_by_channel():
    weight = np.stack([SCALAR, SCALAR[:, ::-1]], axis=-1)
    result = WeightedSequence()(STEPS, weight, mask=MASK)
    np.testing.assert_allclose(result, [[[0.25, -2.0 * 0.75], [2.25, -4.0 * 0.25], [0.0, 0.0]]], rtol=1e-6)


def test_empty_row_is_spread_over_its_padding_only_in_deepctr():
    empty = np.zeros((1, 3), bool)
    np.testing.assert_array_equal(WeightedSequence()(STEPS, SCALAR, mask=empty), np.zeros_like(STEPS))
    exact = WeightedSequence(deepctr_exact=True)(STEPS, SCALAR, mask=empty)
    np.testing.assert_allclose(exact, STEPS / 3, rtol=1e-6)
