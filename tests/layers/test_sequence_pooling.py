"""SequencePooling by hand, and what `deepctr_exact` does otherwise."""

import numpy as np
import pytest

from bstkit.layers.sequence_pooling import SequencePooling

STEPS = np.array([[[1.0, -2.0], [3.0, -4.0], [50.0, 60.0], [5.0, -9.0]]], np.float32)
HOLE = np.array([[True, True, False, True]])


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(("mode", "expected"), [("mean", [3.0, -5.0]), ("sum", [9.0, -15.0]), ("max", [5.0, -2.0])])
def test_by_hand(mode, expected, exact):
    layer = SequencePooling(mode, deepctr_exact=exact)
    np.testing.assert_allclose(layer(STEPS, mask=HOLE), [expected], rtol=1e-6)


@pytest.mark.parametrize(("mode", "exact", "expected"), [("max", True, -1e9), ("max", False, 0), ("mean", True, 0)])
def test_empty_row(mode, exact, expected):
    result = SequencePooling(mode, deepctr_exact=exact)(STEPS, length=np.array([0]))
    np.testing.assert_allclose(result, np.full((1, 2), expected), rtol=1e-6)


@pytest.mark.parametrize(("exact", "divisor"), [(True, 8), (False, 4)])
def test_a_length_past_time_divides_only_in_deepctr(exact, divisor):
    result = SequencePooling("mean", deepctr_exact=exact)(STEPS, length=np.array([8]))
    np.testing.assert_allclose(result, STEPS.sum(1) / divisor, rtol=1e-6)


@pytest.mark.parametrize("mode", ["mean", "sum", "max"])
def test_nan_in_padding_spreads_only_in_deepctr(mode):
    dirty = np.where(HOLE[..., None], STEPS, np.float32(np.nan))
    assert np.isnan(SequencePooling(mode, deepctr_exact=True)(dirty, mask=HOLE)).all()
    assert np.isfinite(SequencePooling(mode)(dirty, mask=HOLE)).all()


def test_maximum_of_values_below_what_deepctr_masks_with():
    deep = np.full((1, 2, 1), -2e9, np.float32)
    np.testing.assert_array_equal(SequencePooling("max")(deep, mask=np.array([[True, False]])), [[-2e9]])


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="Received: mode='median'"):
        SequencePooling("median")
