"""The recorded rate brings probabilities back to what they are among all candidates."""

import numpy as np
import pytest

from bstkit.data.sampling.candidate_sampling import Draws
from bstkit.data.sampling.sampling_rate import corrected_probability, sampling_rate


def test_rate_weighs_positives_by_their_candidates() -> None:
    blocks = [
        Draws(np.array([3]), np.array([[0, -1]]), np.array([1])),
        Draws(np.array([7, 9]), np.array([[0, 1], [2, 4]]), np.array([9, 20])),
    ]
    assert sampling_rate(blocks) == pytest.approx(5 / 30)


def test_rate_is_unknown_without_draws() -> None:
    assert sampling_rate([Draws(np.array([0]), np.array([[-1]]), np.array([0]))]) is None


def test_correction_by_hand() -> None:
    # Odds of 1 among negatives of which one in four was kept are odds of 1/4: a probability of 1/5.
    np.testing.assert_allclose(corrected_probability(np.array([0.0, 0.5, 1.0]), 0.25), [0.0, 0.2, 1.0])


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_rate_must_be_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="`rate` must be above 0"):
        corrected_probability(np.array([0.5]), rate)


def simulate(pools: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, float | None]:
    """Choices among many candidates of three kinds, of which sampled negatives show a part.

    Returns:
        The probability of each kind among all candidates, the one among those shown, and the recorded rate.
    """
    rng = np.random.default_rng(0)
    appeal = np.array([0.2, 1.0, 4.0])
    positives, shown, candidates = np.zeros(3), np.zeros(3), np.zeros(3)
    blocks = []
    for pool in np.repeat(pools, 12_000 // len(pools)):
        kind = rng.integers(3, size=pool)
        weight = np.cumsum(appeal[kind])
        chosen = np.searchsorted(weight, rng.random() * weight[-1])
        others = np.delete(np.arange(pool), chosen)
        drawn = rng.choice(others, size=4, replace=False)
        positives[kind[chosen]] += 1
        shown += np.bincount(kind[drawn], minlength=3)
        candidates += np.bincount(kind, minlength=3)
        blocks.append(Draws(np.zeros(1, np.int64), drawn[None], np.array([pool - 1])))
    return positives / candidates, positives / (positives + shown), sampling_rate(blocks)


def test_correction_undoes_sampling_for_every_kind() -> None:
    truth, seen, rate = simulate((100,))
    assert rate == pytest.approx(4 / 99)
    assert (seen > 3 * truth).all()
    np.testing.assert_allclose(corrected_probability(seen, rate), truth, rtol=0.05)


def test_correction_is_right_in_the_mean_where_the_number_of_candidates_grows() -> None:
    truth, seen, rate = simulate((10, 100, 400))
    assert rate == pytest.approx(12 / 507)  # the mean of 4/9, 4/99 and 4/399 would be 7 times too high
    np.testing.assert_allclose(corrected_probability(seen, rate), truth, rtol=0.1)
