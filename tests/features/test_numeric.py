"""Numeric columns: missing values, standardising, bucketing."""

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
