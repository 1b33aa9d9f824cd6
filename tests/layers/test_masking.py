"""Masked softmax and zeroing: exact at real steps, finite everywhere, in float16 too."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bstkit.layers.masking import deepctr_masked_score, masked_softmax, score_bias, softmax, weighted_sum, zero_masked


def test_masked_softmax_by_hand_ignores_masked_steps():
    scores = np.array([[0.0, np.log(3.0), 99.0]], np.float32)
    weights = masked_softmax(keras.ops.convert_to_tensor(scores), keras.ops.convert_to_tensor([[True, True, False]]))
    np.testing.assert_allclose(weights, [[0.25, 0.75, 0.0]], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_masked_softmax_without_real_steps_is_zero(dtype):
    scores = keras.ops.cast(np.full((2, 4), 5.0), dtype)
    weights = masked_softmax(scores, np.zeros((2, 4), bool))
    np.testing.assert_array_equal(weights, np.zeros((2, 4)))


@settings(max_examples=25, deadline=None)
@given(mask=hnp.arrays(bool, (3, 6)), fill=st.sampled_from([0.0, 1e6, -1e6, np.nan, np.inf]))
def test_padding_never_reaches_a_sum(mask, fill):
    values = np.random.default_rng(0).normal(size=(3, 6, 2)).astype(np.float32)
    dirty = np.where(mask[..., None], values, np.float32(fill))
    total = weighted_sum(zero_masked(keras.ops.convert_to_tensor(dirty), mask), mask.astype(np.float32))
    np.testing.assert_allclose(total, (values * mask[..., None]).sum(1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_biased_scores_of_masked_steps_weigh_exactly_nothing(dtype):
    scores = keras.ops.cast([[1.0, 2.0, 80.0], [-40.0, 3.0, 50.0]], dtype)
    mask = np.array([[True, True, False], [True, False, False]])
    weights = np.array(softmax(scores + score_bias(keras.ops.convert_to_tensor(mask), dtype)))
    np.testing.assert_array_equal(weights, np.array(masked_softmax(scores, keras.ops.convert_to_tensor(mask))))
    assert not weights[~mask].any()


@pytest.mark.parametrize(("dtype", "expected"), [("float32", -(2.0**32)), ("float16", -6e4)])
def test_deepctrs_masked_score_is_finite_where_float16_cannot_hold_it(dtype, expected):
    score = deepctr_masked_score(dtype)
    assert float(score) == float(keras.ops.cast(expected, dtype))
    np.testing.assert_array_equal(softmax(keras.ops.stack([score, score])), [0.5, 0.5])
