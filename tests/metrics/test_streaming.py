"""Streams give what the exact metrics give, within the bounds that they state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.metrics import StreamingQuality, quality
from bstkit.metrics.score_histogram import CELLS, ScoreHistogram
from bstkit.metrics.user_stream import SortedUsersGauc
from tests.metrics.rows import ROWS

EXACT = ("gauc", "log_loss", "normalised_entropy", "calibration")
COUNTS = ("rows", "positives", "gauc_users", "one_class_users")


def sorted_rows(rows):
    """Labels, scores, users, sorted by user."""
    return tuple(np.array(column) for column in zip(*sorted(rows, key=lambda row: row[2]), strict=True))


def streamed(columns, cuts):
    """Feed rows cut at these places."""
    stream = StreamingQuality()
    for pieces in zip(*(np.split(column, sorted(cuts)) for column in columns), strict=True):
        if len(pieces[0]):
            stream.update(*pieces)
            stream.result()  # asking in between changes nothing
    return stream.result()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.integers(0, 40), max_size=3))
def test_stream_equals_exact_within_its_bounds(rows, cuts):
    columns = sorted_rows(rows)
    found, exact = streamed(columns, cuts), quality(*columns)
    assert [getattr(found, name) for name in COUNTS] == [getattr(exact, name) for name in COUNTS]
    for name in EXACT:
        expected = getattr(exact, name)
        assert getattr(found, name) == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))
    assert (found.auc is None) == (exact.auc is None) == (found.auc_error is None)
    if exact.auc is not None:
        assert abs(found.auc - exact.auc) <= found.auc_error + 1e-12
    assert abs(found.ece - exact.ece) <= found.ece_error + 1e-12


def test_bounds_are_tight_for_scores_of_a_real_model():
    rng = np.random.default_rng(0)
    odds = rng.normal(-3, 1.5, 200_000)
    scores = (1 / (1 + np.exp(-odds))).astype(np.float32)
    labels, users = rng.random(200_000) < scores, np.sort(rng.integers(5000, size=200_000))
    found, exact = streamed((labels, scores, users), range(0, 200_000, 30_011)), quality(labels, scores, users)
    assert found.auc_error < 1e-4
    assert found.ece_error < 1e-2
    assert abs(found.auc - exact.auc) <= found.auc_error
    assert abs(found.ece - exact.ece) <= found.ece_error + 1e-12
    assert found.gauc == pytest.approx(exact.gauc, rel=1e-12)


def test_bound_of_the_auc_is_reached_by_rows_of_one_cell():
    """Two scores that share a cell: the histogram sees a tie, and says that this may cost a half."""
    histogram = ScoreHistogram()
    histogram.add(np.array([0, 1]), np.array([0.5001, 0.50010001]))
    assert histogram.auc() == (0.5, 0.5)


def test_scores_of_other_cells_keep_their_order():
    histogram = ScoreHistogram()
    histogram.add(np.array([0, 1, 0, 1]), np.array([0.0, 1e-6, 0.5, 1.0]))
    assert histogram.auc() == (0.75, 0.0)
    assert len(histogram.counts) == CELLS


@pytest.mark.parametrize("users", [[2, 1], [0, 1, 0]], ids=["before the last batch", "inside a batch"])
def test_users_out_of_order_are_refused_and_nothing_is_taken(users):
    stream = StreamingQuality()
    stream.update(np.array([1, 0]), np.array([0.7, 0.2]), np.array([1, 2]))
    before = stream.result()
    rows = np.array(users) if len(users) == 3 else np.array(users)[1:]
    with pytest.raises(ValueError, match="`users` must never fall"):
        stream.update(np.ones(len(rows)), np.ones(len(rows)), rows)
    assert stream.result() == before


def test_memory_holds_one_user():
    gauc = SortedUsersGauc()
    for user in range(50):
        gauc.add(np.array([0, 1]), np.array([0.1, 0.2]), np.array([user, user]))
    assert sum(len(labels) for labels, _ in gauc._open) == 2
    assert gauc.result() == (1.0, 50, 0)


def test_stream_without_rows_has_no_metric():
    found = StreamingQuality().result()
    assert (found.rows, found.auc, found.log_loss, found.ece, found.auc_error) == (0, None, None, None, None)
