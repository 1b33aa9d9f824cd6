"""Datasets: split, vocabularies, ids, histories, means."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bstkit.config.features import ContextNumeric, History
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.leaks import check_leaks
from tests.data.logs import events, features, plain_features, write_plain, write_recbole

BOTH_CLASSES = [("z", 0, "a", 0), ("z", 1, "b", 1), ("z", 2, "a", 0), ("z", 3, "b", 1)]
"""A user whose two training rows are enough to learn from."""


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    return load_dataset(write_recbole(tmp_path / "small"), features())


def steps(dataset: Dataset, row: int, column: str) -> list[int]:
    """The whole history of one row, as ids."""
    events = dataset.history["hist"]
    return events.ids[column][events.start[row] : events.end[row]].tolist()


def test_rows_are_ordered_by_user_time_and_place(small: Dataset) -> None:
    assert small.user.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    assert small.time[:3].tolist() == [1000.0, 1010.0, 1020.0]
    assert small.row[:3].tolist() == [0, 3, 6]


def test_last_events_are_test_and_those_before_validation(small: Dataset) -> None:
    assert small.split.tolist() == [0, 0, 0, 0, 1, 1, 2, 2] * 3
    assert small.rows("train")[:5].tolist() == [0, 1, 2, 3, 8]
    assert small.rows("validation")[:3].tolist() == [4, 5, 12]
    assert small.rows("test")[:3].tolist() == [6, 7, 14]


def test_short_user_gives_training_rows_only(tmp_path: Path) -> None:
    rows = [("a", 1, "x", 0), ("b", 1, "x", 1), ("b", 2, "x", 0), *BOTH_CLASSES]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features(leave_last=1))
    assert dataset.split.tolist() == [0, 1, 2, 0, 0, 1, 2]


def test_history_holds_earlier_positive_events_only(small: Dataset) -> None:
    ratings = [float(row[2]) for row in events()[::3]]
    item = small.target["item_id"]
    for row in range(8):
        assert steps(small, row, "item_id") == [item[k] for k in range(row) if ratings[k] >= 4]
    assert steps(small, 8, "item_id") == []


def test_history_of_all_events_ignores_labels(tmp_path: Path) -> None:
    path = write_plain(tmp_path / "log.csv", BOTH_CLASSES)
    dataset = load_dataset(path, plain_features(events="all"))
    assert [len(steps(dataset, row, "item")) for row in range(4)] == [0, 1, 2, 3]


def test_events_of_one_second_are_ordered_by_their_place_in_the_log(tmp_path: Path) -> None:
    rows = [("z", 5, "late", 1), ("z", 2, "first", 0), ("z", 2, "second", 1), ("z", 2, "third", 0)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    assert dataset.row.tolist() == [1, 2, 3, 0]


def test_vocabulary_comes_from_training_rows_by_frequency_then_key(tmp_path: Path) -> None:
    rows = [(user, time, item, time % 2) for user in "uv" for time, item in enumerate(["c", "a", "b", "b", "x", "y"])]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    assert dataset.vocabularies == {"item": ("b", "a", "c")}
    assert dataset.target["item"][:6].tolist() == [4, 3, 2, 2, 1, 1]
    assert dataset.features.spaces["item"].rows == 5


def test_space_is_shared_by_its_columns(small: Dataset) -> None:
    assert set(small.vocabularies) == {"item", "cate", "user", "gender"}
    events = small.history["hist"]
    assert np.array_equal(events.ids["item_id"], small.target["item_id"][events.event])


def test_empty_key_is_out_of_vocabulary(tmp_path: Path) -> None:
    rows = [("u", 0, "", 0), ("u", 1, "a", 1), ("u", 2, "", 0), ("u", 3, "a", 1)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    assert dataset.target["item"].tolist() == [1, 2, 1, 2]
    assert dataset.vocabularies["item"] == ("a",)


def test_mean_and_deviation_come_from_present_training_values(tmp_path: Path) -> None:
    context = {"age": ContextNumeric(numeric="standardise", missing=7.0)}
    text = "user_id:token\tage:float\nann\t1\nbob\t5\ncleo\t\n"
    dataset = load_dataset(write_recbole(tmp_path, user=text), features(context=context))
    age = dataset.features.context["age"]
    assert (age.mean, age.std, age.missing) == (3.0, 2.0, 7.0)
    assert np.isnan(dataset.context["age"][16:]).all()
    assert dataset.context["age"].dtype == np.float32


def test_constant_column_has_deviation_one(tmp_path: Path) -> None:
    text = "user_id:token\tage:float\nann\t4\nbob\t4\ncleo\t4\n"
    dataset = load_dataset(
        write_recbole(tmp_path, user=text), features(context={"age": ContextNumeric(numeric="standardise")})
    )
    assert (dataset.features.context["age"].mean, dataset.features.context["age"].std) == (4.0, 1.0)


def test_dtypes_are_those_of_the_model(small: Dataset) -> None:
    assert {array.dtype.name for array in small.target.values()} == {"int32"}
    assert small.context["user_id"].dtype == np.int32
    assert small.labels["ctr"].dtype == np.float32


def test_several_tasks_have_a_label_each(tmp_path: Path) -> None:
    log = features().log.model_copy(update={"labels": {"like": "rating >= 4", "love": "rating >= 5"}})
    dataset = load_dataset(write_recbole(tmp_path), features(log=log))
    assert dataset.labels["like"].sum() > dataset.labels["love"].sum() > 0


def test_two_histories_are_kept_apart(tmp_path: Path) -> None:
    both = {
        "liked": History(fields={"item_id": "item"}, max_length=3, events="positive"),
        "seen": History(fields={"cate_id": "cate"}, max_length=3, events="all"),
    }
    dataset = load_dataset(write_recbole(tmp_path), features(history=both))
    assert len(dataset.history["seen"].event) == 24
    assert len(dataset.history["liked"].event) == int(dataset.labels["ctr"].sum())
    check_leaks(dataset)


def test_progress_ends_at_one(tmp_path: Path) -> None:
    told: list[float] = []
    load_dataset(
        write_plain(tmp_path / "log.csv", BOTH_CLASSES), plain_features(), advance=lambda done, _: told.append(done)
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_arrays_name_everything_once(small: Dataset) -> None:
    names = [name for name, _ in small.arrays()]
    assert len(names) == len(set(names))
    assert {"target.item_id", "context.age", "labels.ctr", "split", "history.hist.cate_id", "history.hist.end"} <= set(
        names
    )


def brute_force(log: list[tuple[Any, ...]], positive: bool) -> dict[int, list[int]]:
    """Place of each event in the log -> places of the events in its history, straight from the definition."""
    histories = {}
    for place, (user, time, _, _) in enumerate(log):
        earlier = [
            (other_time, other)
            for other, (other_user, other_time, _, click) in enumerate(log)
            if other_user == user and (other_time, other) < (time, place) and (click or not positive)
        ]
        histories[place] = [other for _, other in sorted(earlier)]
    return histories


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.sampled_from("pqr"), st.integers(0, 1)), max_size=30
    ),
    positive=st.booleans(),
)
def test_histories_equal_the_definition(tmp_path: Path, log: list[tuple[Any, ...]], positive: bool) -> None:
    log = [*log, *BOTH_CLASSES]
    path = write_plain(tmp_path / "log.csv", log)
    dataset = load_dataset(path, plain_features(events="positive" if positive else "all"))
    check_leaks(dataset)
    expected = brute_force(log, positive)
    history = dataset.history["hist"]
    for row, place in enumerate(dataset.row):
        slice_ = history.event[history.start[row] : history.end[row]]
        assert dataset.row[slice_].tolist() == expected[int(place)]
        assert np.array_equal(
            dataset.target["item"][slice_], history.ids["item"][history.start[row] : history.end[row]]
        )
