"""Histograms of both sides over one range."""

import numpy as np
import pytest

from bstkit.export.held_out import HELD_OUT
from bstkit.export.parity import Compared
from bstkit.export.score_histogram import score_histogram, score_histograms


def test_every_row_is_counted_once_on_each_side():
    rng = np.random.default_rng(0)
    ours, theirs = (rng.random((500, 1)).astype(np.float32) for _ in range(2))
    found = score_histogram(ours, {"cpu": theirs})
    assert (found.rows, sum(found.tensorflow), sum(found.providers["cpu"])) == (500, 500, 500)
    assert found.edges[0] == pytest.approx(min(ours.min(), theirs.min()))
    assert found.edges[-1] == pytest.approx(max(ours.max(), theirs.max()))
    assert np.diff(found.edges) == pytest.approx(found.edges[1] - found.edges[0])


def test_a_side_that_differs_is_seen():
    found = score_histogram(np.array([0.0, 0.1, 1.0]), {"cpu": np.array([0.0, 1.0, 1.0])})
    assert (found.tensorflow[0], found.tensorflow[-1]) == (1, 1)
    assert (found.providers["cpu"][0], found.providers["cpu"][-1]) == (1, 2)


@pytest.mark.parametrize("score", [0.0, 0.25, 1.0])
def test_equal_scores_lie_in_one_range(score):
    found = score_histogram(np.full(7, score, np.float32), {})
    assert sorted(found.tensorflow)[-2:] == [0, 7]


def test_pieces_of_a_provider_follow_one_another_and_outputs_stand_apart():
    def compared(output, provider, rows):
        scores = np.linspace(0.1, 0.9, rows, dtype=np.float32)[:, None]
        return Compared(output, HELD_OUT, provider, "all", scores, scores)

    found = score_histograms(
        [
            compared("ctr", "cpu", 4),
            compared("ctr", "cpu", 3),
            compared("ctr", "cuda", 4),
            compared("ctr", "cuda", 3),
            compared("ctr_logit", "cpu", 4),
        ],
        ("ctr", "cvr"),
    )
    assert list(found) == ["ctr"]
    assert found["ctr"].rows == sum(found["ctr"].tensorflow) == 7
    assert found["ctr"].providers == {"cpu": found["ctr"].tensorflow, "cuda": found["ctr"].tensorflow}
