"""Which ids are valid, and which steps are real."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.features.ids import IdMask, IdRule, LengthMask, RowIds

EXTREMES = [-(2**31), -1, 0, 1, 2, 9, 10, 11, 2**31 - 1]


@pytest.mark.parametrize(
    ("padding", "expected"), [(True, [1, 1, 0, 1, 2, 9, 1, 1, 1]), (False, [1, 1, 1, 1, 2, 9, 1, 1, 1])]
)
def test_ids_outside_the_table_become_out_of_vocabulary(padding, expected):
    ids = np.array(EXTREMES, np.int32)
    np.testing.assert_array_equal(IdRule(rows=10, padding=padding)(ids), expected)


def test_columns_of_one_id_a_row_go_through_the_rule_together():
    ids = np.array(EXTREMES, np.int32)
    first, second = RowIds(rows=[10, 3])([ids, ids])
    np.testing.assert_array_equal(first, IdRule(rows=10, padding=False)(ids))
    np.testing.assert_array_equal(second, [1, 1, 1, 1, 2, 1, 1, 1, 1])


def test_ids_past_the_precision_of_float32_are_told_apart():
    rule = IdRule(rows=20_000_001, padding=True)
    np.testing.assert_array_equal(rule(np.array([20_000_000, 20_000_001], np.int32)), [20_000_000, 1])


def test_id_mask_needs_every_field():
    items, categories = np.array([[3, 0, 5]], np.int32), np.array([[1, 2, 0]], np.int32)
    np.testing.assert_array_equal(IdMask()([items]), [[True, False, True]])
    np.testing.assert_array_equal(IdMask()([items, categories]), [[True, False, False]])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-3, 9), min_size=1, max_size=4))
def test_length_mask_counts_from_the_first_step(lengths):
    ids = np.zeros((len(lengths), 5), np.int32)
    mask = LengthMask()(ids, np.array(lengths, np.int32)).numpy()
    np.testing.assert_array_equal(mask, np.arange(5) < np.array(lengths)[:, None])
