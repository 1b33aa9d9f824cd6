"""Margins are those of known distributions, and of a plain bootstrap."""

import math

import numpy as np
import pytest

from bstkit.metrics import margins, quality
from bstkit.metrics.intervals import METRICS


def rows(count, users, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.random(count)
    return (rng.random(count) < scores).astype(int), scores, rng.integers(users, size=count)


def test_margin_of_the_log_loss_is_the_standard_error_of_a_mean():
    """One row a user: the bootstrap of a mean has the standard error s / sqrt(n)."""
    labels, scores, _ = rows(2000, 1)
    losses = -np.log(np.where(labels == 1, scores, 1 - scores))
    found = margins(labels, scores, np.arange(2000), resamples=2000)
    assert found["log_loss"] == pytest.approx(1.96 * losses.std() / math.sqrt(2000), rel=0.06)


def test_rows_of_one_user_are_one_observation():
    """Each row copied 9 times for its user tells nothing new: margins stay, where rows alone would give a third."""
    labels, scores, users = rows(400, 400)
    once = margins(labels, scores, users)
    often = margins(np.repeat(labels, 9), np.repeat(scores, 9), np.repeat(users, 9))
    for name in ("auc", "log_loss", "calibration", "normalised_entropy"):
        assert often[name] == pytest.approx(once[name], rel=1e-6)


def test_margins_equal_a_plain_bootstrap_over_users():
    labels, scores, users = rows(300, 30)
    drawn = {name: [] for name in ("auc", "gauc", "log_loss", "normalised_entropy", "calibration")}
    rng = np.random.default_rng(0)  # the same draws
    number = np.unique(users, return_inverse=True)[1]
    for _ in range(50):
        picked = rng.integers(number.max() + 1, size=number.max() + 1)
        chosen = np.concatenate([np.flatnonzero(number == user) for user in picked])
        # Copies of a user are users of their own.
        owner = np.concatenate([np.full((number == user).sum(), place) for place, user in enumerate(picked)])
        found = quality(labels[chosen], scores[chosen], owner)
        for name, values in drawn.items():
            values.append(getattr(found, name))
    margin = margins(labels, scores, users, resamples=50)
    for name, values in drawn.items():
        tolerance = 0.05 if name == "auc" else 1e-9  # which is linear in the users
        assert margin[name] == pytest.approx(1.959964 * np.std(values, ddof=1), rel=tolerance)


def test_interval_holds_the_truth_about_as_often_as_it_says():
    """Labels follow the scores, so that the true calibration is 1."""
    inside = 0
    for seed in range(100):
        labels, scores, users = rows(600, 60, seed)
        found = quality(labels, scores, users).calibration
        inside += abs(found - 1) <= margins(labels, scores, users, resamples=100)["calibration"]
    assert 88 <= inside <= 100


def test_same_seed_same_margins():
    some = rows(200, 20)
    assert margins(*some) == margins(*some)
    assert margins(*some) != margins(*some, seed=1)


def test_few_users_have_no_margin():
    labels, scores, _ = rows(90, 1)
    assert margins(labels, scores, np.arange(90) % 9) == dict.fromkeys(METRICS)
    assert None not in margins(labels, scores, np.arange(90) % 10).values()


def test_one_class_has_margins_of_what_it_has():
    found = margins(np.zeros(50), np.linspace(0, 1, 50), np.arange(50) // 5)
    assert [name for name in METRICS if found[name] is None] == ["auc", "gauc", "normalised_entropy", "calibration"]
    assert found["log_loss"] > 0
