"""Axes and their ticks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bstkit.report.axis import around, linear, powers_of_ten


def texts(axis):
    return [text for _, text in axis.ticks]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.68, 0.70, ["0.680", "0.685", "0.690", "0.695", "0.700"]),
        (-0.1, 0.1, ["-0.10", "-0.05", "0.00", "0.05", "0.10"]),
        (0.0, 9000.0, ["0", "2,000", "4,000", "6,000", "8,000"]),
    ],
)
def test_ticks_stand_at_round_numbers(low, high, expected):
    assert texts(linear("x", low, high)) == expected


@pytest.mark.parametrize(("last", "expected"), [(1.0, ["1"]), (3.0, ["1", "2", "3"]), (20.0, ["5", "10", "15", "20"])])
def test_epochs_are_whole(last, expected):
    assert texts(linear("epoch", 1.0, last, whole=True)) == expected


@given(st.floats(-100, 100), st.floats(1e-4, 1e6))
def test_ticks_lie_between_the_ends_and_are_told_apart(low, width):
    axis = linear("x", low, low + width)
    assert 1 <= len(axis.ticks) <= 8
    assert len(set(texts(axis))) == len(axis.ticks)
    for value, text in axis.ticks:
        assert -1e-6 <= axis.share(value) <= 1 + 1e-6
        assert float(text.replace(",", "")) == pytest.approx(value, abs=width / 50)


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0])
def test_one_value_has_an_axis_around_it(value):
    axis = around("x", [value, value])
    assert axis.low < value < axis.high
    assert axis.share(value) == pytest.approx(0.5)


def test_powers_of_ten():
    assert texts(powers_of_ten("x", -9, -7)) == ["1e-9", "1e-8", "1e-7"]
