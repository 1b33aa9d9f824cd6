"""Histories that stand in the row itself: columns with several values, as text or as lists."""

import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from bstkit.config.features import Derived, Features, History, Space
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feeding.feed import history_lengths, take
from bstkit.data.leaks import check_leaks
from bstkit.errors import DataError
from bstkit.inputs import input_specs
from tests.data.logs import plain_features, table

TAGS = ["red blue", "", "red", "blue red green", "grey", "red"]
"""The tags of a user's events; the last is the test row, the one before it validation."""


def row_features(fields: dict[str, str] | None = None, **history: Any) -> Features:
    """Features of a log with the columns user, time, item, click and whatever the history `tags` reads."""
    plain = plain_features()
    tags = History(source="row", fields=fields or {"tags": "tag"}, **({"max_length": 2} | history))
    return plain.model_copy(
        update={
            "spaces": {**plain.spaces, "tag": Space(dim=4), "shade": Space(dim=4)},
            "history": {**plain.history, "tags": tags},
        }
    )


def write(path: Path, **columns: list[Any]) -> Path:
    """Write one user's events, clicks taking turns, with more columns."""
    rows = zip(*columns.values(), strict=True)
    lines = [["u", str(time), "i", str(time % 2), *map(str, cells)] for time, cells in enumerate(rows)]
    path.write_text(table(["user", "time", "item", "click", *columns], lines, ";"), encoding="utf-8")
    return path


def read(path: Path, features: Features) -> Dataset:
    """Load a log that `write` wrote; semicolons, so that cells may hold commas."""
    packed = path.with_suffix(".parquet")
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}', delim = ';', all_varchar = true, header = true)) TO '{packed}'")
    return load_dataset(packed, features)


def keys(dataset: Dataset, column: str = "tags", space: str = "tag") -> list[list[str]]:
    """The values of each row, `?` where out of vocabulary."""
    steps, words = dataset.history["tags"], ("", "?", *dataset.vocabularies[space])
    return [[words[i] for i in steps.ids[column][first:end]] for first, end in zip(steps.start, steps.end, strict=True)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return read(write(tmp_path / "log.csv", tags=TAGS), row_features())


def test_every_value_of_the_training_rows_counts(dataset: Dataset) -> None:
    assert dataset.vocabularies["tag"] == ("red", "blue", "green")
    assert dataset.features.spaces["tag"].rows == 5


def test_each_row_has_its_own_values_in_order(dataset: Dataset) -> None:
    assert keys(dataset) == [["red", "blue"], [], ["red"], ["blue", "red", "green"], ["?"], ["red"]]
    assert dataset.history["tags"].event is None
    check_leaks(dataset)


def test_rows_of_several_users_keep_their_values(tmp_path: Path) -> None:
    """The dataset's order is not that of the log."""
    lines = [[user, str(time), "i", str(time % 2), f"{user}{time} all"] for time in range(4) for user in "vu"]
    (tmp_path / "log.csv").write_text(table(["user", "time", "item", "click", "tags"], lines, ","))
    dataset = load_dataset(tmp_path / "log.csv", row_features())
    assert keys(dataset)[:2] == [["u0", "all"], ["u1", "all"]]
    assert keys(dataset)[4:6] == [["v0", "all"], ["v1", "all"]]


def test_feed_keeps_the_last_values_right_padded(dataset: Dataset) -> None:
    made = take(dataset, np.arange(6), input_specs(dataset.features))
    assert made["tags_tags"].tolist() == [[2, 3], [0, 0], [2, 0], [2, 4], [1, 0], [2, 0]]
    assert made["tags_tags"].dtype == np.int32
    assert take(dataset, np.array([1]), input_specs(dataset.features))["tags_tags"].tolist() == [[0]]


def test_length_input_counts_the_kept_values(tmp_path: Path) -> None:
    dataset = read(write(tmp_path / "log.csv", tags=TAGS), row_features(length="count"))
    assert take(dataset, np.arange(4), input_specs(dataset.features))["count"].tolist() == [2, 0, 1, 2]


def test_rows_are_sorted_by_their_longest_history(dataset: Dataset) -> None:
    only_tags = [spec for spec in input_specs(dataset.features) if spec.history == "tags"]
    assert history_lengths(dataset, np.arange(6), only_tags).tolist() == [2, 0, 1, 2, 1, 1]
    assert history_lengths(dataset, np.arange(6), input_specs(dataset.features)).tolist() == [2, 1, 2, 3, 4, 4]


@pytest.mark.parametrize(
    ("separator", "written", "found"),
    [
        (" ", "  red   blue ", ["red", "blue"]),
        (",", "red, blue", ["red", "blue"]),
        (",", "red,,blue", ["red", "?", "blue"]),
        (",", "  ", []),
        ("|", "red|blue", ["red", "blue"]),
        ("::", "red::blue", ["red", "blue"]),
        ("'", "red'blue", ["red", "blue"]),
    ],
)
def test_text_is_cut_at_the_separator(tmp_path: Path, separator: str, written: str, found: list[str]) -> None:
    tags = [written, separator.join(["red", "blue"]), "", "red", "red", "red"]
    assert keys(read(write(tmp_path / "log.csv", tags=tags), row_features(separator=separator)))[0] == found


def test_lists_of_parquet_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    rows = "('u', 0, 'i', 0, [1, 2]), ('u', 1, 'i', 1, []), ('u', 2, 'i', 0, NULL), ('u', 3, 'i', 1, [2, NULL, 9])"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t(\"user\", time, item, click, tags)) TO '{path}'")
    features = row_features()
    dataset = load_dataset(path, features.model_copy(update={"split": features.split}))
    assert keys(dataset) == [["1", "2"], [], [], ["2", "?", "?"]]


def test_fields_share_a_vocabulary_and_stay_beside_each_other(tmp_path: Path) -> None:
    features = row_features({"tags": "tag", "shades": "shade"})
    shades = ["dark light", "", "light", "dark dark light", "dark", "light"]
    dataset = read(write(tmp_path / "log.csv", tags=TAGS, shades=shades), features)
    assert keys(dataset, "shades", "shade")[3] == ["dark", "dark", "light"]
    made = take(dataset, np.array([3]), input_specs(dataset.features))
    assert made["tags_tags"].shape == made["tags_shades"].shape == (1, 2)


def test_column_of_the_candidate_and_of_a_row_may_be_one_space(tmp_path: Path) -> None:
    lines = [["u", str(time), "ab"[time % 2], str(time % 2), "b a b"] for time in range(4)]
    (tmp_path / "log.csv").write_text(table(["user", "time", "item", "click", "seen"], lines, ","))
    dataset = load_dataset(tmp_path / "log.csv", row_features({"seen": "item"}))
    assert dataset.vocabularies["item"] == ("b", "a")
    assert dataset.history["tags"].ids["seen"][:3].tolist() == [2, 3, 2]


def test_no_row_with_a_value_is_fed_padding(tmp_path: Path) -> None:
    """The space has keys from elsewhere; the column has none."""
    dataset = read(write(tmp_path / "log.csv", seen=[""] * 6), row_features({"seen": "item"}))
    assert take(dataset, np.arange(3), input_specs(dataset.features))["tags_seen"].tolist() == [[0]] * 3


def test_weights_stand_beside_the_values(tmp_path: Path) -> None:
    weights = ["0.5 2", "", "1", "3 -1 1e1", "0", "7"]
    dataset = read(write(tmp_path / "log.csv", tags=TAGS, w=weights), row_features(weight="w"))
    made = take(dataset, np.arange(6), input_specs(dataset.features, weights=("tags",)))
    assert made["tags_weight"].tolist() == [[0.5, 2], [0, 0], [1, 0], [-1, 10], [0, 0], [7, 0]]
    assert made["tags_weight"].dtype == np.float32


def test_weights_of_parquet_may_be_lists(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    rows = ", ".join(f"('u', {time}, 'i', {time % 2}, ['a', 'b'], [{time}, 0.5])" for time in range(4))
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t(\"user\", time, item, click, tags, w)) TO '{path}'")
    dataset = load_dataset(path, row_features(weight="w"))
    assert dataset.history["tags"].weight.tolist() == [0, 0.5, 1, 0.5, 2, 0.5, 3, 0.5]


SHADES = {"tags": "tag", "shades": "shade"}
ROW_4 = ["red blue", "", "red", "{}", "grey", "red"]
REFUSED = {
    "fields": (
        {"fields": SHADES},
        {"tags": TAGS, "shades": ["dark light", "", "light", "dark dark", "", "light"]},
        "history 'tags' has columns that are not equally long in 2 rows, first in row 4: 3 in column 'tags', "
        "2 in column 'shades'",
        "as many values",
    ),
    "weights": (
        {"weight": "w"},
        {"tags": TAGS, "w": ["1 1", "", "1", "1 1 1", "1", ""]},
        "not equally long in 1 row, first in row 6: 1 in column 'tags', 0 in weight column 'w'",
        "as many values",
    ),
    "no_number": (
        {"weight": "w"},
        {"tags": TAGS, "w": ["1 1", "", "1", "1 much 1", "1", "1"]},
        "weight column 'w' is not a finite number in 1 row, first 'much' in row 4",
        "one number a step",
    ),
    "infinite": (
        {"weight": "w"},
        {"tags": TAGS, "w": ["1 1", "", "inf", "1 nan 1", "1", "1"]},
        "weight column 'w' is not a finite number in 2 rows, first 'inf' in row 3",
        "one number a step",
    ),
    "missing_weight": (
        {"weight": "weights"},
        {"tags": TAGS, "w": TAGS},
        "no column 'weights', which features.toml asks for at [history.tags] weight",
        "the log has",
    ),
    "missing_field": (
        {"fields": {"tag": "tag"}},
        {"tags": TAGS},
        "no column 'tag', which features.toml asks for at [history.tags] fields.tag",
        "did you mean 'tags'",
    ),
}


@pytest.mark.parametrize(("history", "columns", "says", "hint"), REFUSED.values(), ids=REFUSED)
def test_log_is_refused(
    tmp_path: Path, history: dict[str, Any], columns: dict[str, list[str]], says: str, hint: str
) -> None:
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        read(write(tmp_path / "log.csv", **columns), row_features(**history))
    assert hint in caught.value.hint


@pytest.mark.parametrize("place", ["target", "columns"])
def test_list_where_one_value_is_read_is_refused(tmp_path: Path, place: str) -> None:
    path = tmp_path / "log.parquet"
    duckdb.sql(
        f"COPY (SELECT 'u' AS \"user\", range AS time, [1] AS item, range % 2 AS click FROM range(6)) TO '{path}'"
    )
    features = plain_features()
    if place == "columns":
        columns = {"first": Derived(first_of="item")}
        features = features.model_copy(update={"target": {"first": "item"}, "columns": columns})
    with pytest.raises(DataError, match=rf"column 'item' of .* holds lists, and \[{place}\]") as caught:
        load_dataset(path, features)
    assert 'source = "row"' in caught.value.hint


def test_ages_of_steps_without_time_are_refused(dataset: Dataset) -> None:
    with pytest.raises(DataError, match="history 'tags' stand in the row and have no time") as caught:
        take(dataset, np.arange(2), input_specs(dataset.features, ages=("tags",)))
    assert "[history.tags] time = " in caught.value.hint


def test_arrays_name_what_there_is(dataset: Dataset, tmp_path: Path) -> None:
    names = {name for name, _ in dataset.arrays() if name.startswith("history.tags")}
    assert names == {"history.tags.tags", "history.tags.start", "history.tags.end"}
    path = write(tmp_path / "weighted.csv", tags=TAGS, w=["1 1", "", "1", "1 1 1", "1", "1"])
    assert "history.tags.weight" in dict(read(path, row_features(weight="w")).arrays())
