"""Logs that are only scored: given vocabularies, no split, labels and numbers that may be missing."""

from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import ContextNumeric, Features
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.scoring import load_for_scoring
from bstkit.errors import DataError
from tests.data.logs import features, plain_features, table, write_plain, write_recbole

KEYS = {"item": ("b", "a")}
ROWS = [("u", 3, "a", 1), ("v", 1, "b", 0), ("u", 1, "new", 0), ("u", 2, "b", 1)]


def scored(path: Path, tables: Features, vocabularies: dict[str, tuple[str, ...]] = KEYS) -> Dataset:
    return load_for_scoring(path, tables, vocabularies, lambda done, note: None)[0]


def unlabelled(path: Path) -> Path:
    path.write_text(table(["user", "time", "item"], [list(map(str, row[:3])) for row in ROWS], ","))
    return path


def test_keys_get_the_ids_that_the_model_knows(tmp_path: Path) -> None:
    dataset = scored(write_plain(tmp_path / "log.csv", ROWS), plain_features())
    assert dataset.row.tolist() == [2, 3, 0, 1]
    assert dataset.target["item"].tolist() == [1, 2, 3, 2]
    assert dataset.target["item"].dtype == np.int32
    assert dataset.vocabularies == KEYS


def test_users_are_named_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    dataset, users = load_for_scoring(
        write_plain(tmp_path / "log.csv", ROWS), plain_features(), KEYS, lambda done, note: None
    )
    assert [users[number] for number in dataset.user] == ["u", "u", "u", "v"]


def test_histories_are_those_of_training(tmp_path: Path) -> None:
    path = write_recbole(tmp_path / "small")
    learned = load_dataset(path, features())
    given = scored(path, features(), dict(learned.vocabularies))
    arrays = dict(learned.arrays())
    assert all(np.array_equal(values, arrays[name]) for name, values in given.arrays() if name != "split")


def test_labels_need_not_be_there(tmp_path: Path) -> None:
    dataset = scored(unlabelled(tmp_path / "log.csv"), plain_features())
    assert np.isnan(dataset.labels["ctr"]).all()
    assert (dataset.history["hist"].end - dataset.history["hist"].start).tolist() == [0, 1, 2, 0]


def test_labels_must_be_there_where_they_make_the_history(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'click'") as caught:
        scored(unlabelled(tmp_path / "log.csv"), plain_features(events="positive"))
    assert "history 'hist' is made of the user's positive events" in caught.value.hint


@pytest.mark.parametrize("label", ["", "0"], ids=["empty", "one class"])
def test_labels_need_not_tell_anything(tmp_path: Path, label: str) -> None:
    rows = [(*row[:3], label) for row in ROWS]
    dataset = scored(write_plain(tmp_path / "log.csv", rows), plain_features(events="positive"))
    steps = dataset.history["hist"]
    assert (steps.end == steps.start).all()


def test_wrong_label_is_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not 0 or 1"):
        scored(write_plain(tmp_path / "log.csv", [("u", 1, "a", 7)]), plain_features())


def test_numbers_may_be_missing(tmp_path: Path) -> None:
    context = {"age": ContextNumeric(numeric="standardise")}
    text = "user_id:token\tage:float\nann\t\nbob\t5\ncleo\t4\n"
    keys = dict.fromkeys(("item", "cate"), ("10",))
    dataset = scored(write_recbole(tmp_path, user=text), features(context=context), keys)
    assert np.isnan(dataset.context["age"][:8]).all()
    assert dataset.context["age"][8] == 5


def test_space_without_a_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no vocabulary of id space 'item'"):
        scored(write_plain(tmp_path / "log.csv", ROWS), plain_features(), {})


def test_column_that_is_no_label_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,time,click\nu,1,0\n")
    with pytest.raises(DataError, match=r"no column 'item', which features.toml asks for at \[target\] item"):
        scored(path, plain_features())
