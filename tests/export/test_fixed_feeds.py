"""Rows for a file of fixed shapes: what is kept of a history is what the model keeps of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.export.cases import make_cases
from bstkit.export.fixed_feeds import FixedFeeds
from bstkit.export.id_keys import make_keys
from bstkit.export.intake import Intake
from bstkit.export.raw_feeds import RawFeeds
from bstkit.features.history import RecentSteps, TakeSteps
from tests import models

LENGTH = 4
SIZES = {"batch": 2, "hist_len": LENGTH}


@pytest.fixture(scope="module")
def by_field():
    """A history whose steps are real where `item_id` is."""
    return models.composed(models.features(dim=4, max_length=LENGTH))


@pytest.fixture(scope="module")
def by_all():
    """A history whose steps are real where every field is."""
    return models.composed(models.features(dim=4, max_length=LENGTH, mask="all"))


@pytest.fixture(scope="module")
def by_length():
    """A history with a length input."""
    return models.composed(models.features(dim=4, max_length=LENGTH, length="n"))


def rows(model, items, cates=None, **more):
    """Feeds with these histories; every other input is 2."""
    items = np.array(items, np.int32)
    given = {"hist_item_id": items, "hist_cate_id": items if cates is None else np.array(cates, np.int32), **more}
    ones = np.full(len(items), 2, np.int32)
    return {spec.name: np.asarray(given.get(spec.name, ones), np.int32) for spec in model.inputs}


def test_shorter_histories_are_padded_behind_their_steps(by_field):
    feeds = rows(by_field, [[7, 8], [9, 0]])
    np.testing.assert_array_equal(FixedFeeds(by_field, SIZES).fit(feeds)["hist_item_id"], [[7, 8, 0, 0], [9, 0, 0, 0]])


def test_longer_histories_keep_their_most_recent_steps(by_field):
    feeds = rows(by_field, [[2, 3, 4, 5, 6, 7], [2, 0, 4, 5, 6, 0], [2, 3, 0, 0, 0, 0]])
    fitted = FixedFeeds(by_field, SIZES).fit(feeds)
    wanted = [[4, 5, 6, 7], [0, 4, 5, 6], [2, 3, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(fitted["hist_item_id"], wanted)
    np.testing.assert_array_equal(fitted["user_id"], [2, 2, 2, 0])  # a row of padding makes two batches of two


def test_step_is_real_where_every_field_is(by_all):
    feeds = rows(by_all, [[2, 3, 4, 5, 6, 7]], [[2, 3, 4, 5, 0, 7]])
    np.testing.assert_array_equal(FixedFeeds(by_all, SIZES).fit(feeds)["hist_item_id"][0], [4, 5, 6, 7])
    feeds = rows(by_all, [[2, 3, 4, 5, 6, 7]], [[2, 3, 4, 5, 6, 0]])
    np.testing.assert_array_equal(FixedFeeds(by_all, SIZES).fit(feeds)["hist_item_id"][0], [3, 4, 5, 6])


def test_length_is_that_of_what_is_sent(by_length):
    time = FixedFeeds(by_length, SIZES)
    fitted = time.fit(rows(by_length, [[2, 3, 4, 5, 6]] * 6, n=[-1, 0, 3, 4, 5, 9]))
    assert fitted["n"].tolist() == [-1, 0, 3, 4, 4, 4]
    assert fitted["hist_item_id"].tolist() == [[2, 3, 4, 5]] * 4 + [[3, 4, 5, 6]] * 2
    short = time.fit(rows(by_length, [[2, 3]] * 4, n=[1, 2, 3, 9]))
    assert short["n"].tolist() == [1, 2, 2, 2]  # steps of padding are not real


def test_cut_is_what_loses_real_steps(by_field):
    fixed = FixedFeeds(by_field, SIZES)
    assert fixed.is_cut(rows(by_field, [[2, 3, 4, 5, 6]]))
    assert not fixed.is_cut(rows(by_field, [[2, 3, 4, 5, 0, 0]]))
    assert not fixed.is_cut(rows(by_field, [[0, 0, 0, 0, 0, 9]]))  # holes fall away, the step stays


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9).flatmap(
        lambda time: st.lists(st.lists(st.integers(0, 3), min_size=time, max_size=time), min_size=1, max_size=5)
    )
)
def test_model_keeps_the_same_of_both(by_field, items):
    feeds = rows(by_field, items)
    fitted = FixedFeeds(by_field, SIZES).fit(feeds)

    def kept(ids):
        index = RecentSteps(LENGTH, fixed_length=True)(ids > 0)
        return TakeSteps(LENGTH)(ids, index).numpy()

    np.testing.assert_array_equal(kept(feeds["hist_item_id"]), kept(fitted["hist_item_id"])[: len(items)])


def test_pieces_hold_every_row_once_in_order(by_field):
    intake = Intake(by_field, sizes=SIZES)
    feeds = next(case.feeds for case in make_cases(by_field) if case.name == "batch_7")
    pieces = intake.pieces(feeds)
    assert [piece.sent.rows for piece in pieces] == [2, 2, 2, 1]
    assert all(len(values) == 2 for piece in pieces for values in piece.sent.inputs.values())
    sent = np.concatenate([piece.encoded["item_id"][: piece.sent.rows] for piece in pieces])
    np.testing.assert_array_equal(sent, feeds["item_id"])
    assert intake.pieces(feeds) is pieces


def test_padding_of_raw_ids_is_the_padding_key(by_field):
    keys = {space: make_keys([f"{space}{i}" for i in range(count - 2)]) for space, count in models.SPACES.items()}
    intake = Intake(by_field, RawFeeds(by_field.inputs, keys), SIZES)
    [piece] = intake.pieces(rows(by_field, [[3, 2, 0]]))
    assert piece.sent.inputs["hist_item_id"].tolist() == [["item1", "item0", "", ""], [""] * 4]
    assert piece.sent.inputs["user_id"].tolist() == ["user0", ""]
    assert {spec.dtype for spec in intake.inputs if spec.space} == {"string"}
