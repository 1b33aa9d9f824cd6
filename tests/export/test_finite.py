"""Weights that are not finite are refused, and named, before any conversion."""

import keras
import numpy as np
import pytest

from bstkit.errors import RunError
from bstkit.export import finite
from bstkit.export.finite import check_finite


def variable(values, name="kernel"):
    return keras.Variable(np.asarray(values), name=name, dtype=np.asarray(values).dtype.name)


def test_finite_weights_pass():
    check_finite([variable(np.ones((3, 4), np.float32)), variable(np.array([2**31 - 1], np.int32))])


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_number_that_is_not_finite_is_named(dtype, value):
    values = np.zeros((3, 4), dtype)
    values[1, 2] = value
    with pytest.raises(RunError, match=rf"'kernel': 1 of 12 numbers, the first is {value} at \[1, 2\]") as caught:
        check_finite([variable(values)])
    assert caught.value.exit_code == 2


def test_every_weight_is_listed_and_counted_across_pieces(monkeypatch):
    monkeypatch.setattr(finite, "_PIECE", 5)
    values = np.zeros((6, 3), np.float32)
    values[[2, 3, 5], 1] = np.nan
    with pytest.raises(RunError) as caught:
        check_finite([variable(values, "first"), variable(np.array(np.inf, np.float32), "second")])
    assert "'first': 3 of 18 numbers, the first is nan at [2, 1]" in caught.value.message
    assert "'second': 1 of 1 numbers, the first is inf at []" in caught.value.message
