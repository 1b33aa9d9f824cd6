"""Ranges of scores that hold about the same number of rows."""

import numpy as np
import pytest

from bstkit.export.score_bins import score_bins


def test_ranges_hold_a_tenth_each():
    found = score_bins(np.linspace(0.001, 0.1, 1000, dtype=np.float32)[:, None], held_out=True)
    assert (found.rows, len(found.counts), found.held_out) == (1000, 10, True)
    assert (found.edges[0], found.edges[-1]) == (0.0, 1.0)
    assert all(99 <= count <= 101 for count in found.counts)
    assert found.mean == pytest.approx(0.0505, abs=1e-6)


def test_every_row_is_counted_once_whatever_the_scores():
    rng = np.random.default_rng(0)
    for scores in (np.full(7, 0.25), np.zeros(3), np.ones(3), rng.random(50).round(1), np.array([0.5])):
        found = score_bins(scores.astype(np.float32), held_out=False)
        assert sum(found.counts) == len(scores)
        assert len(found.edges) == len(found.counts) + 1
        assert list(found.edges) == sorted(set(found.edges))
