"""Metrics equal independent implementations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from bstkit.training.metrics import evaluate

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.9, 1.0]), st.sampled_from("abc")),
    min_size=1,
    max_size=40,
)


def count_pairs(labels: list[int], scores: list[float]) -> float | None:
    """AUC by its definition: the share of (positive, negative) pairs in the right order, ties counting half."""
    positive = [s for y, s in zip(labels, scores, strict=True) if y]
    negative = [s for y, s in zip(labels, scores, strict=True) if not y]
    if not positive or not negative:
        return None
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_metrics_equal_pair_counting_and_plain_sums(rows: list[tuple[int, float, str]]) -> None:
    labels, scores, users = (list(column) for column in zip(*rows, strict=True))
    found = evaluate(np.array(labels), np.array(scores), np.array(users))
    auc = count_pairs(labels, scores)
    assert found.auc == (None if auc is None else pytest.approx(auc))

    total, weight, covered = 0.0, 0, 0
    for user in set(users):
        own = [(y, s) for y, s, u in rows if u == user]
        own_auc = count_pairs([y for y, _ in own], [s for _, s in own])
        if own_auc is not None:
            total, weight, covered = total + own_auc * len(own), weight + len(own), covered + 1
    assert found.gauc == (pytest.approx(total / weight) if covered else None)
    assert found.gauc_users == covered

    smallest = float(np.finfo(np.float64).eps)
    clipped = [min(max(s, smallest), 1 - smallest) for s in scores]
    losses = [-math.log(p if y else 1 - p) for y, p in zip(labels, clipped, strict=True)]
    assert found.log_loss == pytest.approx(sum(losses) / len(losses))
    assert found.rows == len(rows)


def test_gauc_equals_a_loop_over_users_with_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    users = rng.integers(300, size=5000) * 7 - 100
    labels = rng.random(5000) < 0.3
    scores = rng.integers(20, size=5000) / 20
    total, weight, covered = 0.0, 0, 0
    for user in np.unique(users):
        own = users == user
        if 0 < labels[own].sum() < own.sum():
            total, weight, covered = (
                total + roc_auc_score(labels[own], scores[own]) * own.sum(),
                weight + own.sum(),
                covered + 1,
            )
    found = evaluate(labels, scores, users)
    assert found.gauc == pytest.approx(total / weight, abs=1e-12)
    assert found.gauc_users == covered


def test_worked_by_hand() -> None:
    """User a ranks 1 of 2 pairs right, b ties its only pair, c has one class."""
    found = evaluate(
        np.array([1, 0, 0, 1, 0, 1]), np.array([0.6, 0.7, 0.2, 0.5, 0.5, 0.9]), np.array(["a", "a", "a", "b", "b", "c"])
    )
    assert found.gauc == pytest.approx((3 * 0.5 + 2 * 0.5) / 5)
    assert found.gauc_users == 2
    assert found.auc == pytest.approx((2 + 1.5 + 3) / 9)


def test_one_class_has_no_auc_and_no_gauc() -> None:
    found = evaluate(np.ones(4), np.full(4, 0.5), np.array([1, 1, 2, 2]))
    assert (found.auc, found.gauc, found.gauc_users) == (None, None, 0)
    assert found.log_loss == pytest.approx(math.log(2))


def test_gauc_is_none_when_no_user_has_both_classes() -> None:
    found = evaluate(np.array([1, 1, 0, 0]), np.array([0.1, 0.9, 0.2, 0.3]), np.array([1, 1, 2, 2]))
    assert found.gauc is None
    assert found.auc == 0.5


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    labels, scores, users = rng.integers(2, size=200), rng.random(200), rng.integers(20, size=200)
    order = rng.permutation(200)
    left, right = evaluate(labels, scores, users), evaluate(labels[order], scores[order], users[order])
    assert (left.auc, left.gauc, left.log_loss) == pytest.approx((right.auc, right.gauc, right.log_loss))


@pytest.mark.parametrize(
    ("labels", "scores", "users", "says"),
    [
        ([1, 0], [0.5], [1, 1], "equally long"),
        ([], [], [], "at least 1"),
        ([1, 2], [0.5, 0.5], [1, 1], "`labels` must be 0 or 1"),
        ([1, 0], [0.5, 1.5], [1, 1], "`scores` must lie"),
        ([1, 0], [0.5, math.nan], [1, 1], "`scores` must lie"),
    ],
    ids=["lengths", "empty", "label", "score", "nan"],
)
def test_wrong_input_is_refused(labels: list[int], scores: list[float], users: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate(np.array(labels), np.array(scores), np.array(users))
