"""Keeping the most recent steps, and the candidate's place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bstkit.features.history import AppendCandidate, CandidateStep, RecentSteps, StepNumbers, TakeSteps


def fit(values, mask, max_length, fixed_length):
    index = RecentSteps(max_length, fixed_length)(mask)
    return TakeSteps(max_length if fixed_length else 0)(values, index).numpy()


@pytest.mark.parametrize(
    ("ids", "fixed_length", "expected"),
    [
        ([7, 8, 9, 5, 6], False, [9, 5, 6]),
        ([7, 8, 9, 5, 0], False, [8, 9, 5]),
        ([7, 8, 0, 0, 0], False, [7, 8, 0]),
        ([7, 8], False, [7, 8]),
        ([7, 8], True, [7, 8, 0]),
        ([0, 8, 0, 5, 0], False, [8, 0, 5]),
        ([0, 0, 0, 0, 0], True, [0, 0, 0]),
    ],
)
def test_the_most_recent_steps_are_kept(ids, fixed_length, expected):
    values = np.array([ids], np.int32)
    np.testing.assert_array_equal(fit(values, values != 0, 3, fixed_length), [expected])


@settings(max_examples=40, deadline=None)
@given(
    values=hnp.arrays(np.int32, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.integers(0, 5)),
    fixed_length=st.booleans(),
)
def test_fit_equals_a_loop_over_rows(values, fixed_length):
    max_length = 4
    actual = fit(values, values != 0, max_length, fixed_length)
    kept = max_length if fixed_length else min(values.shape[1], max_length)
    assert actual.shape == (len(values), kept)
    for row, result in zip(values, actual, strict=True):
        end = max(np.flatnonzero(row), default=-1) + 1
        recent = row[max(end - max_length, 0) : end]
        np.testing.assert_array_equal(result[: len(recent)], recent)
        assert not result[len(recent) :].any()


def test_candidate_joins_behind_the_padding_and_comes_back():
    steps = AppendCandidate()(np.array([[4, 0], [5, 6]], np.int32), np.array([8, 9], np.int32))
    np.testing.assert_array_equal(steps, [[4, 0, 8], [5, 6, 9]])
    np.testing.assert_array_equal(CandidateStep()(steps[..., None]), [[8], [9]])


@pytest.mark.parametrize(("time", "expected"), [(4, [0, 1, 2, 50]), (1, [50]), (51, [*range(50), 50])])
def test_candidate_is_step_max_length_whatever_the_padding(time, expected):
    np.testing.assert_array_equal(StepNumbers(50, candidate=True)(np.ones((2, time), bool)), expected)


def test_steps_count_from_the_oldest():
    np.testing.assert_array_equal(StepNumbers(50, candidate=False)(np.ones((2, 3), bool)), [0, 1, 2])
