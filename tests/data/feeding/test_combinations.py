"""Different rows of id columns get numbers, in their order."""

import numpy as np
import pytest

from bstkit.data import pieces
from bstkit.data.feeding import combinations
from bstkit.data.feeding.combinations import Combinations


def columns(rows: list[tuple[int, ...]]) -> list[np.ndarray]:
    return [np.array(column, np.int32) for column in zip(*rows, strict=True)]


def test_numbers_follow_the_order_of_the_rows() -> None:
    found = Combinations([columns([(5, 2), (3, 9), (5, 1)]), columns([(3, 9), (0, 7)])])
    assert found.count == 4
    assert [column.tolist() for column in found.columns()] == [[0, 3, 5, 5], [7, 9, 1, 2]]
    assert found.numbers(columns([(5, 1), (5, 2), (0, 7), (3, 9), (5, 1)])).tolist() == [2, 3, 0, 1, 2]


@pytest.mark.parametrize("width", [1, 2, 5])
def test_pieces_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(pieces, "PIECE_ROWS", 7)
    monkeypatch.setattr(combinations, "_MERGED_KEYS", 10)
    rng = np.random.default_rng(width)
    one, other = ([rng.integers(0, 4, rows).astype(np.int32) for _ in range(width)] for rows in (100, 33))
    known, numbers = np.unique(np.concatenate([one, other], axis=1), axis=1, return_inverse=True)
    found = Combinations([one, other])
    assert np.array_equal(found.columns(), known)
    assert found.numbers(one).tolist() == numbers[:100].tolist()
    assert found.numbers(other).tolist() == numbers[100:].tolist()


def test_ids_of_the_widest_tables_do_not_overflow() -> None:
    top = 2**31 - 1
    rows = [(top, 0, top, 5), (0, top, top, 5), (top, 0, top, 4), (top, top, top, top)]
    found = Combinations([columns(rows)])
    assert sorted(zip(*(column.tolist() for column in found.columns()), strict=True)) == sorted(rows)


def test_no_rows_have_no_combinations() -> None:
    found = Combinations([columns([(1, 2)]), [np.zeros(0, np.int32)] * 2])
    assert found.numbers([np.zeros(0, np.int32)] * 2).tolist() == []
