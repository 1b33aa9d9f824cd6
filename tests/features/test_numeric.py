"""Numeric columns: missing values, standardising, bucketing."""

import keras
import numpy as np
import pytest

from bstkit.features.numeric import Bucket, Standardise

VALUES = np.array([1.0, 5.0, np.nan], np.float32)


@pytest.mark.parametrize(("missing", "expected"), [(None, 0.0), (9.0, 3.0)])
def test_standardise_by_hand(missing, expected):
    layer = Standardise(mean=3.0, std=2.0, missing=missing)
    np.testing.assert_allclose(layer(VALUES), [[-1.0], [1.0], [expected]])
    assert [weight.numpy() for weight in layer.non_trainable_weights] == [3.0, 2.0]


@pytest.mark.parametrize(("missing", "expected"), [(None, 0), (20.0, 3)])
def test_buckets_by_hand(missing, expected):
    values = np.array([-1e9, 9.99, 10.0, 19.0, 20.0, 1e9, np.nan], np.float32)
    layer = Bucket(edges=(10.0, 20.0), missing=missing)
    np.testing.assert_array_equal(layer(values), [1, 1, 2, 2, 3, 3, expected])


def test_edges_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match=r"Received: edges=\(2, 1\)"):
        Bucket(edges=(2, 1))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_numbers_are_read_in_float32_whatever_the_policy(policy):
    values = np.array([2000.4, 2000.6, 69_999.0, 70_001.0], np.float32)  # the last two are past float16
    np.testing.assert_array_equal(Bucket(edges=(2000.5, 7e4), dtype=policy)(values), [1, 2, 2, 3])
    standardised = Standardise(mean=69_999.0, std=2.0, dtype=policy)(values[2:])
    assert keras.backend.standardize_dtype(standardised.dtype) == policy[6:]
    np.testing.assert_array_equal(keras.ops.cast(standardised, "float32"), [[0.0], [1.0]])
