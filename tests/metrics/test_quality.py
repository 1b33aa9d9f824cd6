"""Exact metrics equal independent implementations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from bstkit.metrics import Quality, quality
from bstkit.metrics.auc import pairs_won
from bstkit.metrics.calibration import BINS, equal_mass_bins, expected_calibration_error
from bstkit.metrics.log_loss import entropy, row_losses
from tests.metrics.rows import ROWS, bins_of, calibration_error, count_pairs, mean_loss


def close(value):
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_every_metric_equals_its_definition(rows):
    labels, scores, users = (list(column) for column in zip(*rows, strict=True))
    found = quality(np.array(labels), np.array(scores), np.array(users))
    rate, loss = sum(labels) / len(labels), mean_loss(labels, scores)
    assert (found.rows, found.positives) == (len(rows), sum(labels))
    assert found.one_class == (rate in (0, 1))
    assert found.auc == close(count_pairs(labels, scores))
    assert found.log_loss == close(loss)
    constant = mean_loss(labels, [rate] * len(rows))
    assert found.normalised_entropy == (None if found.one_class else close(loss / constant))
    assert found.calibration == (close(sum(scores) / sum(labels)) if sum(labels) else None)
    assert found.ece == close(calibration_error(labels, scores, BINS))
    own = {u: [(y, s) for y, s, v in rows if u == v] for u in set(users)}
    aucs = {u: count_pairs(*zip(*pairs, strict=True)) for u, pairs in own.items()}
    covered = [u for u, auc in aucs.items() if auc is not None]
    shown = sum(len(own[u]) for u in covered)
    assert found.gauc == (close(sum(aucs[u] * len(own[u]) for u in covered) / shown) if covered else None)
    assert (found.gauc_users, found.one_class_users) == (len(covered), len(own) - len(covered))


@settings(max_examples=100, deadline=None)
@given(ROWS, st.integers(1, 20))
def test_bins_hold_equal_shares_and_keep_ties_together(rows, bins):
    scores = [row[1] for row in rows]
    found = equal_mass_bins(np.array(scores), bins)
    assert found.tolist() == bins_of(scores, bins)
    if len(set(scores)) == len(scores):
        assert np.ptp(np.bincount(found, minlength=bins)) <= 1


def test_metrics_equal_scikit_learn_on_float32_scores():
    rng = np.random.default_rng(0)
    labels, scores = (rng.random(5000) < 0.1).astype(np.float32), rng.random(5000).astype(np.float32)
    found = quality(labels, scores, np.zeros(5000))
    assert found.auc == found.gauc == close(roc_auc_score(labels, scores))
    assert found.log_loss == close(log_loss(labels, scores.astype(np.float64)))


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_pairs_won_are_counted(rows):
    labels, scores, _ = (list(column) for column in zip(*rows, strict=True))
    found = pairs_won(np.array(labels), np.array(scores))
    for won, label, score in zip(found, labels, scores, strict=True):
        one_class = len(set(labels)) == 1
        others = [s for y, s in zip(labels, scores, strict=True) if y != label]
        assert won == close(0.0 if one_class else count_pairs([label] + [1 - label] * len(others), [score, *others]))


def test_losses_of_rows_add_up_to_log_loss():
    rng = np.random.default_rng(2)
    labels, scores = rng.integers(2, size=1000), rng.random(1000)
    scores[:4], labels[:4] = (0, 0, 1, 1), (0, 1, 0, 1)
    assert row_losses(labels, scores).mean() == close(quality(labels, scores, labels).log_loss)


def test_worked_by_hand():
    """Two of four rows are clicks; the entropy of 1/2 is ln 2."""
    found = quality(np.array([1, 0, 1, 0]), np.array([0.5, 0.5, 0.8, 0.4]), np.array(["a", "a", "b", "c"]))
    assert found.auc == (0.5 + 1 + 1 + 1) / 4
    assert (found.gauc, found.gauc_users, found.one_class_users) == (0.5, 1, 2)
    assert found.normalised_entropy == close(-math.log(0.5 * 0.5 * 0.8 * 0.6) / 4 / math.log(2))
    assert found.calibration == close(2.2 / 2)


def test_calibration_error_worked_by_hand():
    """Of two bins the lower holds 0.4 alone: both rows of 0.5 have the middle rank of all, and share the upper one."""
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.5, 0.5, 0.8, 0.4])
    assert equal_mass_bins(scores, 2).tolist() == [1, 1, 1, 0]
    assert expected_calibration_error(labels, scores, 2) == close((0.4 + abs(1.8 - 2)) / 4)


def test_entropy_is_that_of_a_coin_and_nothing_at_the_ends():
    assert entropy([0.0, 0.5, 1.0]) == pytest.approx([0.0, math.log(2), 0.0])
    assert float(entropy(0.1)) == close(-0.1 * math.log(0.1) - 0.9 * math.log(0.9))


def test_no_rows_have_no_metric():
    assert Quality() == Quality(rows=0, positives=0, auc=None, gauc=None, log_loss=None, ece=None)


@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [([1], [0.5, 0.5], "equally long"), ([2], [0.5], "0 or 1"), ([1], [math.nan], "must lie"), ([], [], "at least 1")],
    ids=["lengths", "label", "nan", "empty"],
)
def test_wrong_rows_are_refused(labels, scores, says):
    with pytest.raises(ValueError, match=says):
        quality(np.array(labels), np.array(scores), np.zeros(len(labels)))
