"""The named cases: each is what its name says."""

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.config.features import History
from bstkit.export.cases import make_cases
from tests.export.recipes import bst_small, features

LENGTH = 6


@pytest.fixture(scope="module")
def cases(tiny_small):
    return {case.name: case for case in make_cases(tiny_small)}


def lengths(feeds):
    return (feeds["hist_item_id"] != 0).sum(axis=1)


def test_every_input_of_every_case_has_its_dtype_and_dimensions(cases, tiny_small):
    for case in cases.values():
        for feeds in (case.feeds, case.twin or case.feeds):
            assert set(feeds) == {spec.name for spec in tiny_small.inputs}
            [batch] = {len(values) for values in feeds.values()}
            assert batch > 0
            for spec in tiny_small.inputs:
                assert feeds[spec.name].dtype == spec.dtype
                assert feeds[spec.name].ndim == len(spec.dims)


def test_histories_have_the_lengths_of_their_names(cases):
    assert set(lengths(cases["empty_history"].feeds)) == {0}
    assert set(lengths(cases["full_length"].feeds)) == {LENGTH}
    assert lengths(cases["over_length"].feeds).min() > LENGTH
    assert cases["length_1"].feeds["hist_item_id"].shape[1] == 1
    assert set(lengths(cases["length_1"].feeds)) == {1}
    assert len(set(lengths(cases["typical"].feeds))) > 3


def test_holes_stand_before_real_steps(cases):
    ids = cases["holes"].feeds["hist_item_id"]
    assert any((np.diff((row != 0).astype(int)) > 0).any() for row in ids)


def test_ids_are_what_the_names_say(cases):
    for name in ("item_id", "user_id", "hist_cate_id"):
        assert set(cases["all_oov"].feeds[name].ravel()) == {1}
    assert set(cases["max_id"].feeds["item_id"]) == {50}
    assert set(cases["max_id"].feeds["hist_cate_id"].ravel()) == {13}
    assert {-1, 51, 151} <= set(cases["id_out_of_range"].feeds["item_id"])
    assert {-1, 51, 151} <= set(cases["id_out_of_range"].feeds["hist_item_id"].ravel())


@pytest.mark.parametrize("batch", [1, 7, 1024])
def test_batches_have_the_sizes_of_their_names(cases, batch):
    assert len(cases[f"batch_{batch}"].feeds["item_id"]) == batch


def test_padding_twin_adds_padding_only(cases):
    case = cases["padding_invariance"]
    steps = case.feeds["hist_item_id"].shape[1]
    np.testing.assert_array_equal(case.twin["hist_item_id"][:, :steps], case.feeds["hist_item_id"])
    assert not case.twin["hist_item_id"][:, steps:].any()
    assert case.twin["hist_item_id"].shape[1] > LENGTH


def test_permuted_twin_holds_the_same_rows_in_another_order(cases):
    case = cases["permuted_batch"]
    assert list(case.order) != sorted(case.order)
    for name, values in case.feeds.items():
        np.testing.assert_array_equal(case.twin[name], values[case.order])


def test_missing_numeric_is_nan_and_there_only_with_a_numeric_input(cases, tiny_bst):
    assert np.isnan(cases["missing_numeric"].feeds["price"]).all()
    assert "missing_numeric" not in {case.name for case in make_cases(tiny_bst)}


def test_cases_are_the_same_every_time(cases, tiny_small):
    for again in make_cases(tiny_small):
        for name, values in again.feeds.items():
            np.testing.assert_array_equal(values, cases[again.name].feeds[name])


def test_length_input_goes_with_its_history():
    base = features(dim=4, max_length=LENGTH)
    history = {"hist": History(fields=base.history["hist"].fields, max_length=LENGTH, length="hist_length")}
    composed = compose(bst_small("mean", "identity"), base.model_copy(update={"history": history}))
    cases = {case.name: case for case in make_cases(composed)}
    np.testing.assert_array_equal(cases["typical"].feeds["hist_length"], lengths(cases["typical"].feeds))
    np.testing.assert_array_equal(cases["over_length"].feeds["hist_length"], lengths(cases["over_length"].feeds))
    assert not cases["empty_history"].feeds["hist_length"].any()
