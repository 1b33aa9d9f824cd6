"""KMaxPooling by hand: order, axes, masks."""

import numpy as np
import pytest

from bstkit.layers.kmax_pooling import KMaxPooling

VALUES = np.array([[[1.0, 8.0], [4.0, 2.0], [3.0, 6.0]]], np.float32)


@pytest.mark.parametrize("axis", [1, -2])
def test_largest_come_first_along_the_axis(axis):
    np.testing.assert_array_equal(KMaxPooling(2, axis)(VALUES), [[[4.0, 8.0], [3.0, 6.0]]])


def test_default_axis_is_the_last():
    np.testing.assert_array_equal(KMaxPooling()(VALUES), [[[8.0], [4.0], [6.0]]])


def test_masked_values_never_compete_and_zeros_follow():
    mask = np.array([[False, True, True]])
    expected = [[[4.0, 6.0], [3.0, 2.0], [0.0, 0.0]]]
    np.testing.assert_array_equal(KMaxPooling(3, axis=1)(VALUES, mask=mask), expected)


def test_negative_values_are_kept_where_they_are_the_largest():
    result = KMaxPooling(3, axis=1)(-VALUES, mask=np.array([[True, True, False]]))
    np.testing.assert_array_equal(result, [[[-1.0, -2.0], [-4.0, -8.0], [0.0, 0.0]]])


@pytest.mark.parametrize(("shape", "axis"), [((2, 5), 1), ((2, 3, 5), 2), ((2, 5, 3, 4), 1), ((2, 3, 4, 5, 2), -2)])
def test_any_rank_and_axis_with_a_mask(shape, axis):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mask = np.array([[True, False, True, True, False], [False, False, False, True, False]])
    result = np.moveaxis(np.array(KMaxPooling(2, axis)(values, mask=mask)), axis, -1)
    by_hand = np.moveaxis(values, axis, -1)
    for row in range(2):
        real = -np.sort(-by_hand[row][..., mask[row]], axis=-1)[..., :2]
        expected = np.zeros((*by_hand.shape[1:-1], 2), np.float32)
        expected[..., : real.shape[-1]] = real
        np.testing.assert_array_equal(result[row], expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "`k` must be at least 1. Received: k=0"),
        ({"axis": 0}, "Received: axis=0"),
        ({"axis": 3}, "Received: axis=3"),
        ({"axis": -3}, "Received: axis=-3"),
        ({"k": 4, "axis": 1}, "at most the size of the axis, 3. Received: k=4"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        KMaxPooling(**arguments)(VALUES)
