"""The order of an epoch: every row once, from seed and number alone, at any place without those before it."""

from itertools import pairwise

import numpy as np
import pytest

from bstkit.data.feeding.epoch_plan import GROUPS, WINDOW_BATCHES, EpochPlan

SIZE = 4
ROWS = np.arange(7, 7 + 3 * (2 * WINDOW_BATCHES * SIZE + 17), 3)
"""Two windows and a part of a third; the last batch is smaller."""

BATCHES = -(-len(ROWS) // SIZE)
LENGTHS = np.random.default_rng(0).integers(0, 50, len(ROWS)).astype(np.uint8)


def whole(plan: EpochPlan, epoch: int) -> list[list[int]]:
    return [plan.batch(epoch, place).tolist() for place in range(BATCHES)]


def length_of(rows: list[int]) -> np.ndarray:
    return LENGTHS[np.searchsorted(ROWS, rows)]


@pytest.mark.parametrize("lengths", [LENGTHS, None], ids=["bucketed", "by chance"])
def test_epoch_holds_every_row_once(lengths: np.ndarray | None) -> None:
    for epoch in (0, 3):
        batches = whole(EpochPlan(ROWS, lengths, SIZE, seed=1), epoch)
        assert sorted(row for batch in batches for row in batch) == ROWS.tolist()
        assert sorted(map(len, batches)) == [1, *[SIZE] * (BATCHES - 1)]


def test_bucketed_epoch_is_grouped_windows_of_the_plain_one() -> None:
    """Both take the same rows in the same window; in a group they stand in the same order."""
    plain, bucketed = whole(EpochPlan(ROWS, None, SIZE, 5), 2), whole(EpochPlan(ROWS, LENGTHS, SIZE, 5), 2)
    assert [row for batch in plain for row in batch] != ROWS.tolist()
    for first in range(0, BATCHES, WINDOW_BATCHES):
        theirs = [row for batch in plain[first : first + WINDOW_BATCHES] for row in batch]
        batches = sorted(bucketed[first : first + WINDOW_BATCHES], key=lambda rows: length_of(rows).mean())
        assert sorted(row for batch in batches for row in batch) == sorted(theirs)
        ordered = np.sort(length_of(theirs))
        quarter = [SIZE * -(-len(batches) * group // GROUPS) for group in range(GROUPS + 1)]
        for batch in bucketed[first : first + WINDOW_BATCHES]:
            found = length_of(batch)
            assert any(
                ordered[low] <= found.min() and found.max() <= ordered[min(high, len(ordered)) - 1]
                for low, high in pairwise(quarter)
            )
            assert batch == sorted(batch, key=theirs.index)


def test_batches_of_a_window_are_mixed() -> None:
    shortest = [length_of(batch).min() for batch in whole(EpochPlan(ROWS, LENGTHS, SIZE, 0), 0)[:WINDOW_BATCHES]]
    assert shortest != sorted(shortest)


@pytest.mark.parametrize("lengths", [LENGTHS, None], ids=["bucketed", "by chance"])
def test_batch_does_not_depend_on_what_was_asked_before(lengths: np.ndarray | None) -> None:
    expected = {epoch: whole(EpochPlan(ROWS, lengths, SIZE, 9), epoch) for epoch in (0, 1)}
    plan = EpochPlan(ROWS, lengths, SIZE, 9)
    for place in np.random.default_rng(0).permutation(2 * BATCHES)[:60].tolist():
        epoch, at = divmod(place, BATCHES)
        assert plan.batch(epoch, at).tolist() == expected[epoch][at]
    assert expected[0] != expected[1]


def test_order_is_pinned() -> None:
    """Another order would train other models from the same seed."""
    rng = np.random.default_rng((3, 1))
    order, expected = rng.permutation(len(ROWS)), []
    for first in range(0, len(order), SIZE * WINDOW_BATCHES):
        part = order[first : first + SIZE * WINDOW_BATCHES]
        place = np.empty(len(part), int)
        place[np.argsort(LENGTHS[part], kind="stable")] = range(len(part))
        batches = -(-len(part) // SIZE)
        part = ROWS[part[np.argsort(place // SIZE * 4 // batches, kind="stable")]]
        cut = [part[place : place + SIZE].tolist() for place in range(0, len(part), SIZE)]
        expected += [cut[place] for place in rng.permutation(len(cut))]
    assert whole(EpochPlan(ROWS, LENGTHS, SIZE, seed=3), 1) == expected


def test_row_numbers_past_four_bytes_stay_whole() -> None:
    rows = ROWS + 2**40
    batches = whole(EpochPlan(rows, LENGTHS, SIZE, 0), 0)
    assert sorted(row for batch in batches for row in batch) == rows.tolist()
