"""Sampled candidates: never from the future, never what the user was seen with, the same from the same seed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from bstkit.config.features import Sampling
from bstkit.data.sampling import candidate_sampling
from bstkit.data.sampling.candidate_sampling import Draws, Events, sample_candidates

BY = ("uniform", "popularity")


def events(user: Any, time: Any, candidate: Any, positive: Any = None, split: Any = None) -> Events:
    """Columns of a log, put in the dataset's order; all positive and all training unless told otherwise."""
    order = np.lexsort((np.arange(len(user)), time, user))
    return Events(
        user=np.asarray(user, np.int32)[order],
        time=np.asarray(time, np.float64)[order],
        candidate=np.asarray(candidate, np.int32)[order],
        positive=np.ones(len(user), bool) if positive is None else np.asarray(positive, bool)[order],
        split=np.zeros(len(user), np.int8) if split is None else np.asarray(split, np.int8)[order],
    )


def draw(log: Events, **settings: Any) -> Draws:
    """Everything that was drawn, in the order of rows."""
    parts = list(sample_candidates(log, Sampling(**settings)))
    positive = np.concatenate([part.positive for part in parts])
    order = np.argsort(positive)
    event = np.concatenate([part.event for part in parts])
    return Draws(positive[order], event[order], np.concatenate([part.eligible for part in parts])[order])


@st.composite
def logs(draw: st.DrawFn) -> Events:
    """Small logs with ties, missing candidates and rows that are not positive; splits rise inside a user."""
    size = draw(st.integers(1, 40))
    numbers = {
        name: draw(st.lists(st.integers(0, high), min_size=size, max_size=size))
        for name, high in (("user", 4), ("time", 8), ("candidate", 8), ("positive", 1))
    }
    numbers["candidate"] = [code - 1 for code in numbers["candidate"]]
    log = events(**numbers)
    cuts = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=5))
    split = np.array([int(t >= min(cuts[u])) + int(t >= max(cuts[u])) for u, t in zip(log.user, log.time, strict=True)])
    return Events(log.user, log.time, log.candidate, log.positive, split.astype(np.int8))


def eligible_candidates(log: Events, row: int) -> set[int]:
    """By the rule as it is written down, one event after the other."""
    earlier = {
        int(log.candidate[event])
        for event in range(len(log.user))
        if log.time[event] < log.time[row] and log.split[event] <= log.split[row]
    }
    seen = {int(log.candidate[event]) for event in range(row) if log.user[event] == log.user[row]}
    return earlier - seen - {int(log.candidate[row]), -1}


@given(logs(), st.sampled_from(BY), st.integers(1, 5), st.integers(0, 3))
def test_draws_keep_the_rule(log: Events, by: str, negatives: int, seed: int) -> None:
    if not log.positive.any():
        assert list(sample_candidates(log, Sampling(by=by))) == []
        return
    found = draw(log, by=by, negatives_per_positive=negatives, seed=seed)
    np.testing.assert_array_equal(found.positive, np.flatnonzero(log.positive))
    for row, drawn, eligible in zip(found.positive, found.event, found.eligible, strict=True):
        allowed = eligible_candidates(log, int(row))
        assert eligible == len(allowed)
        taken = drawn[drawn >= 0]
        assert set(log.candidate[taken].tolist()) <= allowed
        assert (log.time[taken] < log.time[row]).all()
        assert (log.split[taken] <= log.split[row]).all()
        if by == "uniform":
            assert len(set(log.candidate[taken].tolist())) == len(taken)
            assert len(taken) <= min(negatives, len(allowed))
        if not allowed:
            assert len(taken) == 0


@given(logs(), st.sampled_from(BY), st.data())
def test_the_future_changes_nothing(log: Events, by: str, data: st.DataObject) -> None:
    """Other candidates at a moment and after it: what was drawn for earlier positives stays."""
    moment = data.draw(st.integers(0, 9))
    late = log.time >= moment
    before = [row for row in np.flatnonzero(log.positive) if not late[row]]
    if not before:
        return
    other = Events(log.user, log.time, np.where(late, 6 - log.candidate, log.candidate), log.positive, log.split)
    first, second = draw(log, by=by), draw(other, by=by)
    kept = np.isin(first.positive, before)
    np.testing.assert_array_equal(first.eligible[kept], second.eligible[kept])
    # The stream of chance is shared by a block, so that draws may differ; what may be drawn does not.
    for row in before:
        assert eligible_candidates(log, row) == eligible_candidates(other, row)


def crowd(by: str, seed: int = 0, viewers: int = 6000, negatives: int = 1) -> tuple[Events, Draws]:
    """Candidate c has c + 1 events; then each of many users takes candidate 0, at one moment."""
    shown = np.repeat(np.arange(6), np.arange(1, 7))
    log = events(
        user=np.append(np.zeros(len(shown), int), 1 + np.arange(viewers)),
        time=np.append(np.arange(len(shown)), np.full(viewers, 100)),
        candidate=np.append(shown, np.zeros(viewers, int)),
        positive=np.append(np.zeros(len(shown), int), np.ones(viewers, int)),
    )
    return log, draw(log, by=by, seed=seed, negatives_per_positive=negatives)


@pytest.mark.parametrize("negatives", [1, 3])
def test_uniform_gives_every_candidate_the_same_chance(negatives: int) -> None:
    log, found = crowd("uniform", negatives=negatives)
    counts = np.bincount(log.candidate[found.event.ravel()], minlength=6)
    assert counts[0] == 0
    # Each viewer draws different ones: the counts vary by (1 - 3 / 5) less than independent draws.
    statistic = chisquare(counts[1:]).statistic / (1 - (negatives - 1) / 4)
    assert statistic < 18.5  # 99.9 % of chi-square with 4 degrees of freedom
    assert (found.eligible == 5).all()
    assert (found.count == negatives).all()


@pytest.mark.parametrize("negatives", [1, 3])
def test_popularity_is_in_proportion_to_events_so_far(negatives: int) -> None:
    log, found = crowd("popularity", negatives=negatives)
    counts = np.bincount(log.candidate[found.event.ravel()], minlength=6)
    assert counts[0] == 0
    expected = np.arange(2, 7) / np.arange(2, 7).sum() * counts.sum()
    assert chisquare(counts[1:], expected).pvalue > 1e-3
    assert chisquare(counts[1:]).pvalue < 1e-6
    assert (found.count == negatives).all()


def test_popularity_counts_until_the_moment_only() -> None:
    """Candidate 1 is popular early, candidate 2 becomes so after the positives."""
    viewers = 500
    log = events(
        user=np.concatenate([np.zeros(111, int), 1 + np.arange(viewers)]),
        time=np.concatenate([np.arange(11), np.full(100, 500), np.full(viewers, 50)]),
        candidate=np.concatenate([[1] * 10, [2], [2] * 100, np.zeros(viewers)]),
        positive=np.concatenate([np.zeros(111), np.ones(viewers)]),
    )
    found = draw(log, by="popularity", negatives_per_positive=1)
    assert 0.02 < np.mean(log.candidate[found.event] == 2) < 0.2  # 1 of 11, not 101 of 111


@pytest.mark.parametrize("by", BY)
def test_seed_decides(by: str) -> None:
    same, again, other = crowd(by)[1], crowd(by)[1], crowd(by, seed=1)[1]
    np.testing.assert_array_equal(same.event, again.event)
    assert (same.event != other.event).any()


@pytest.mark.parametrize("by", BY)
def test_a_positive_without_others_has_fewer(by: str) -> None:
    """The first event has nothing before it; one that only its own candidate precedes draws nothing."""
    log = events(user=[0, 1, 2, 3], time=[0, 1, 2, 3], candidate=[5, 5, 6, 7])
    found = draw(log, by=by, negatives_per_positive=3)
    assert found.eligible.tolist() == [0, 0, 1, 2]
    assert found.count.tolist() == ([0, 0, 1, 2] if by == "uniform" else [0, 0, 3, 3])


@pytest.mark.parametrize("by", BY)
def test_later_splits_do_not_reach_training(by: str) -> None:
    """A validation event that is earlier than a training positive is drawn for validation only."""
    log = events(
        user=[0, 1, 2, 3], time=[0, 1, 2, 3], candidate=[0, 1, 2, 3], positive=[0, 0, 1, 1], split=[0, 1, 0, 1]
    )
    found = draw(log, by=by, negatives_per_positive=8)
    assert set(found.event[0]) - {-1} == {0}
    assert set(found.event[1]) - {-1} == {0, 1, 2}


def test_blocks_draw_for_their_own_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users that reach over the edges of blocks are seen whole."""
    monkeypatch.setattr(candidate_sampling, "BLOCK_SLOTS", 28)
    rng = np.random.default_rng(0)
    log = events(np.sort(rng.integers(0, 5, 100)), rng.integers(0, 30, 100), rng.integers(0, 12, 100))
    found = draw(log)
    assert found.positive.tolist() == list(range(100))
    assert found.eligible.tolist() == [len(eligible_candidates(log, row)) for row in range(100)]


def test_an_empty_log_has_nothing_to_draw() -> None:
    assert list(sample_candidates(events([], [], []), Sampling())) == []
