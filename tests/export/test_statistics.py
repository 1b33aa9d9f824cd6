"""Figures of a comparison, worked by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bstkit.export.statistics import _BLOCK, ordered_alike, summarise, ulp_distance


def f32(*values):
    return np.array(values, np.float32)


def column(*values):
    return f32(*values)[:, None]


def test_absolute_and_relative_differences():
    found = summarise([(column(1.5, 4.0), column(1.0, 4.0)), (column(-2.5), column(-2.0))], smallest=1.5)
    assert found.scores == 3
    assert (found.max_abs, found.mean_abs) == (0.5, pytest.approx(1 / 3))
    assert (found.max_rel, found.mean_rel) == (0.25, 0.125)  # 1.0 is not above 1.5
    assert found.p99_abs == pytest.approx(np.percentile([0.5, 0.0, 0.5], 99))
    assert (found.nan, found.inf) == (0, 0)


def test_nan_and_inf_are_counted_and_left_out_of_the_rest():
    found = summarise([(column(np.nan, np.inf, -np.inf, 1.25), column(0.0, 0.0, 0.0, 1.0))], smallest=0.0)
    assert (found.scores, found.nan, found.inf) == (4, 1, 2)
    assert (found.max_abs, found.max_rel) == (0.25, 0.25)
    assert found.max_ulp == 2**21  # a quarter of the 2**23 steps from 1 to 2


def test_nothing_gives_zeros():
    found = summarise([], smallest=0.0)
    assert (found.scores, found.max_abs, found.max_ulp, found.p99_ulp, found.ranking) == (0, 0.0, 0, 0.0, None)


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [
        (1.0, 1.0, 0),
        (0.0, -0.0, 0),
        (1.0, np.nextafter(f32(1.0), f32(2.0))[0], 1),
        (np.nextafter(f32(0.0), f32(1.0))[0], np.nextafter(f32(0.0), f32(-1.0))[0], 2),
        (1.0, 2.0, 2**23),
        (-1.0, -2.0, 2**23),
    ],
)
def test_ulp_counts_the_steps_between(a, b, steps):
    assert ulp_distance(f32(a), f32(b)).tolist() == [steps]
    assert ulp_distance(f32(b), f32(a)).tolist() == [steps]


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False, max_value=2.0**100, min_value=-(2.0**100)),
    st.integers(0, 20),
)
def test_ulp_of_so_many_steps_is_that_many(start, steps):
    value = f32(start)
    for _ in range(steps):
        value = np.nextafter(value, f32(np.inf))
    assert ulp_distance(f32(start), value).tolist() == [steps]


@pytest.mark.parametrize(
    ("scores", "alike", "pairs"),
    [
        ((0.1, 0.2, 0.3), 3.0, 3),
        ((0.3, 0.2, 0.1), 0.0, 3),
        ((0.1, 0.3, 0.2), 2.0, 3),
        ((0.1, 0.2, 0.2), 2.5, 3),
        ((0.1, np.nan, 0.3), 1.0, 3),
    ],
)
def test_pairs_in_the_same_order(scores, alike, pairs):
    assert ordered_alike(f32(*scores), f32(1, 2, 3)) == (alike, pairs)


def test_pairs_that_tensorflow_ties_do_not_count():
    assert ordered_alike(f32(1, 2, 3), f32(1, 1, 2)) == (2.0, 2)
    assert summarise([(column(1, 2), column(3, 3))], 0.0).ranking is None


def test_blocks_of_rows_give_what_all_pairs_give():
    rng = np.random.default_rng(3)
    expected = rng.integers(0, 50, _BLOCK + 40).astype(np.float32)
    scores = expected + rng.normal(scale=5, size=len(expected)).astype(np.float32)
    pairs = [(i, j) for i, j in itertools.permutations(range(len(expected)), 2) if expected[i] > expected[j]]
    high, low = np.array(pairs).T
    assert ordered_alike(scores, expected) == ((scores[high] > scores[low]).sum(), len(pairs))


def test_ranking_is_within_each_data_set():
    first = (column(1, 2), column(1, 2))
    second = (column(4, 3), column(3, 4))
    assert summarise([first, second], 0.0).ranking == 0.5
