"""Which slices there are, and which rows cannot be sliced so."""

from dataclasses import replace

import numpy as np
import pytest

from bstkit.config.features import ContextNumeric, Space
from bstkit.data.dataset import load_dataset
from bstkit.errors import ConfigError, DataError
from bstkit.evaluation.parts import parts
from bstkit.evaluation.slices import SLICES, check_slices, why_not
from bstkit.evaluation.splits import check_data, check_split
from tests.data.logs import plain_features, write_plain
from tests.small_log import small_features


def test_small_log_can_be_sliced_in_every_way():
    assert [why_not(name, small_features()) for name in SLICES] == [None] * len(SLICES)


def test_hashed_spaces_know_nothing_new():
    features = small_features()
    hashed = {name: Space(dim=8, hash_buckets=9) for name in ("user", "item")}
    features = features.model_copy(update={"spaces": {**features.spaces, **hashed}})
    assert why_not("new-users", features) == "id space 'user' is hashed: every key has an id"
    assert why_not("new-items", features) == "id space 'item' is hashed: every key has an id"


@pytest.mark.parametrize("context", [{}, {"user_id": ContextNumeric(numeric="standardise")}], ids=["absent", "number"])
def test_user_that_is_no_id_of_the_model_cannot_be_new(context):
    features = small_features().model_copy(update={"context": context})
    assert why_not("new-users", features) == "the user, column 'user_id', is no feature of the model"


@pytest.mark.parametrize(("name", "hint"), [("histroy", "did you mean 'history'?"), ("x", "--slices none")])
def test_unknown_slice_is_named(name, hint):
    with pytest.raises(ConfigError, match=f"no slice named '{name}'; there are history, new-users") as caught:
        check_slices(["time", name])
    assert hint in caught.value.hint


def test_unknown_split_is_named(tmp_path):
    with pytest.raises(ConfigError, match="--split is 'tset'") as caught:
        check_split(tmp_path, "tset")
    assert caught.value.hint == "did you mean 'test'?"


def test_log_has_no_splits_but_all(tmp_path):
    check_split(tmp_path / "log.csv", "all")
    with pytest.raises(ConfigError, match="is a log, of which every row with a label is evaluated") as caught:
        check_split(tmp_path / "log.csv", "test")
    assert "bstkit data prepare" in caught.value.hint


def test_data_must_be_there_unless_it_is_a_pattern(tmp_path):
    check_data(tmp_path / "*.csv")
    with pytest.raises(DataError, match="no file or folder"):
        check_data(tmp_path / "log.csv")


def test_every_row_is_in_one_part(tmp_path):
    """Also where all rows have one time."""
    rows = [(user, 7, item, number % 2) for number, (user, item) in enumerate(zip("uuuvvv", "ababab", strict=True))]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    chosen = np.arange(len(dataset.user))
    for name in ("history", "new-items", "time"):
        assert sum(part.astype(int) for part in parts(name, dataset, chosen).values()).tolist() == [1] * len(chosen)


def test_all_earlier_steps_count_whatever_the_model_keeps(tmp_path):
    rows = [("u", number, "ab"[number % 2], number % 3 == 0) for number in range(60)]
    rows = [(user, time, item, int(label)) for user, time, item, label in rows]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features(events="all"))
    assert dataset.features.history["hist"].max_length < 50
    found = parts("history", dataset, np.arange(60))
    assert {part: int(inside.sum()) for part, inside in found.items()} == {
        "0": 1,
        "1-4": 4,
        "5-19": 15,
        "20-49": 30,
        "50+": 10,
    }


def test_moments_past_the_calendar_are_numbers(tmp_path):
    rows = [("u", number, "ab"[number % 2], number % 2) for number in range(6)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    late = replace(dataset, time=dataset.time + 1e15)
    assert next(iter(parts("time", late, np.arange(6)))) == "1 of 5, from 1000000000000000 s"
