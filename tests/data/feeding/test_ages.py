"""Histories that end at an age, and steps in the row that have times."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bstkit.config.features import History
from bstkit.data.dataset import Dataset, HistorySteps, load_dataset
from bstkit.data.feeding.feed import history_lengths, take
from bstkit.data.prepared.histories import session_numbers
from bstkit.inputs import input_specs
from tests.data.logs import plain_features, table, write_plain

GAP = 10


def load(path: Path, rows: list[tuple[Any, ...]], events: str = "all", **history: Any) -> Dataset:
    """Load a log of user, time, item, click; `history` adds to the history's table."""
    plain = plain_features(events=events)
    changed = plain.history["hist"].model_copy(update=history)
    return load_dataset(write_plain(path / "log.csv", rows), plain.model_copy(update={"history": {"hist": changed}}))


def one_user(path: Path, times: list[float], **history: Any) -> Dataset:
    """Items are named after the place of their event."""
    return load(path, [("u", time, f"i{place}", place % 2) for place, time in enumerate(times)], **history)


def in_rows(times: list[list[float]], now: list[float], **history: Any) -> Dataset:
    """A dataset whose history stands in the row: item 2 is the first step of each row, item 3 the second, ..."""
    counts = np.array([len(row) for row in times])
    end = np.cumsum(counts)
    flat = np.array([time for row in times for time in row], np.float64)
    stated = History(fields={"seen": "item"}, max_length=4, source="row", time="times").model_copy(update=history)
    plain = plain_features()
    owner = np.repeat(np.arange(len(times)), counts)
    gap_s = stated.session_gap_s
    steps = HistorySteps(
        ids={"seen": np.concatenate([np.arange(2, 2 + count) for count in counts]).astype(np.int32)},
        start=end - counts,
        end=end,
        time=flat,
        session=None if gap_s is None else next(session_numbers([(owner, flat)], gap_s)),
    )
    nothing = np.zeros(len(times), np.int32)
    return Dataset(
        features=plain.model_copy(update={"history": {"hist": stated}}),
        vocabularies={},
        target={"item": nothing},
        context={},
        labels={"ctr": nothing.astype(np.float32)},
        user=nothing.astype(np.int64),
        time=np.array(now, np.float64),
        row=np.arange(len(times)),
        split=nothing.astype(np.int8),
        history={"hist": steps},
        origin="",
    )


def test_steps_older_than_the_limit_are_left_out(tmp_path: Path) -> None:
    dataset = one_user(tmp_path, [0, 10, 20, 25, 200], max_age_s=15.0)
    item = dataset.target["item"]
    made = take(dataset, np.arange(5), input_specs(dataset.features, ages=("hist",)))
    assert made["hist_item"].tolist() == [[0, 0], [item[0], 0], [item[1], 0], [item[1], item[2]], [0, 0]]
    assert made["hist_age_seconds"].tolist() == [[0, 0], [10, 0], [10, 0], [15, 5], [0, 0]]


def test_age_and_count_hold_together(tmp_path: Path) -> None:
    dataset = one_user(tmp_path, [0, 1, 2, 3, 4, 5], max_age_s=4.0, max_length=3, length="n")
    specs = input_specs(dataset.features)
    assert take(dataset, np.arange(6), specs)["n"].tolist() == [0, 1, 2, 3, 3, 3]
    assert history_lengths(dataset, np.arange(6), specs).tolist() == [0, 1, 2, 3, 3, 3]
    young = one_user(tmp_path, [0, 1, 2, 3, 4, 5], max_age_s=2.0, max_length=3, length="n")
    assert take(young, np.arange(6), specs)["n"].tolist() == [0, 1, 2, 2, 2, 2]
    assert history_lengths(young, np.arange(6), specs).tolist() == [0, 1, 2, 2, 2, 2]


def test_age_ends_a_history_inside_a_session(tmp_path: Path) -> None:
    dataset = one_user(tmp_path, [0, 1, 20, 24, 28, 29], max_age_s=6.0, session_gap_s=GAP)
    specs = input_specs(dataset.features, sessions=("hist",))
    item = dataset.target["item"]
    made = take(dataset, np.array([2, 4, 5]), specs)["hist_item"]
    assert made.tolist() == [[[0, 0]], [[item[3], 0]], [[item[3], item[4]]]]
    assert history_lengths(dataset, np.arange(6), specs).tolist() == [0, 1, 0, 1, 1, 2]


def expected(dataset: Dataset, row: int, max_age_s: float) -> list[int]:
    """The steps of a row's history before any cut by count."""
    return [
        other
        for other in range(row)
        if dataset.user[other] == dataset.user[row]
        and dataset.time[row] - dataset.time[other] <= max_age_s
        and (dataset.features.history["hist"].events == "all" or dataset.labels["ctr"][other] == 1)
    ]


def in_sessions(dataset: Dataset, row: int, kept: list[int]) -> list[list[int]]:
    """Kept steps cut where the history has a gap, oldest first."""
    sessions: list[list[int]] = []
    for place, other in enumerate(kept):
        if place == 0 or dataset.time[other] - dataset.time[kept[place - 1]] > GAP:
            sessions.append([])
        sessions[-1].append(other)
    return [session[-3:] for session in sessions[-2:]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.sampled_from("pqrs")), max_size=40),
    max_age_s=st.sampled_from([0.5, 1.0, 7.0, 30.0, 100.0]),
    events=st.sampled_from(["all", "positive"]),
)
def test_windows_equal_the_definition(
    tmp_path: Path, log: list[tuple[str, int, str]], max_age_s: float, events: str
) -> None:
    rows = [(*event, place % 2) for place, event in enumerate(log)]
    rows += [("z", time, item, time % 2) for time, item in enumerate("abab")]
    keys = {"max_age_s": max_age_s, "session_gap_s": GAP, "max_sessions": 2, "session_length": 3}
    dataset = load(tmp_path, rows, events, **keys)
    every, item = np.arange(len(dataset.user)), dataset.target["item"]
    flat = take(dataset, every, input_specs(dataset.features))["hist_item"]
    cut = take(dataset, every, input_specs(dataset.features, sessions=("hist",)))["hist_item"]
    for row in every:
        kept = expected(dataset, row, max_age_s)
        assert [i for i in flat[row] if i] == [item[other] for other in kept[-4:]]
        found = [[i for i in session if i] for session in cut[row] if session.any()]
        assert found == [[item[other] for other in session] for session in in_sessions(dataset, row, kept)]


def test_steps_in_the_row_have_ages() -> None:
    dataset = in_rows([[1, 5.5], [], [2, 3, 90]], [10, 10, 100])
    made = take(dataset, np.array([2, 1, 0]), input_specs(dataset.features, ages=("hist",)))
    assert made["hist_age_seconds"].tolist() == [[98, 97, 10], [0, 0, 0], [9, 4, 0]]
    assert made["hist_seen"].tolist() == [[2, 3, 4], [0, 0, 0], [2, 3, 0]]


def test_steps_in_the_row_end_at_an_age() -> None:
    dataset = in_rows([[1, 5.5], [], [2, 3, 90], [1, 2, 3]], [10, 10, 100, 4], max_age_s=5.0, max_length=2)
    specs = input_specs(dataset.features)
    assert take(dataset, np.arange(4), specs)["hist_seen"].tolist() == [[3, 0], [0, 0], [0, 0], [3, 4]]
    assert history_lengths(dataset, np.arange(4), specs).tolist() == [1, 0, 0, 2]


def test_sessions_of_steps_in_the_row_end_with_it() -> None:
    dataset = in_rows([[1, 2, 30], [31, 32], []], [40, 40, 40], session_gap_s=GAP)
    assert dataset.history["hist"].session.tolist() == [0, 0, 1, 2, 2]
    made = take(dataset, np.arange(3), input_specs(dataset.features, sessions=("hist",), ages=("hist",)))
    assert made["hist_seen"].tolist() == [[[2, 3], [4, 0]], [[2, 3], [0, 0]], [[0, 0], [0, 0]]]
    assert made["hist_age_seconds"][0].tolist() == [[39, 38], [10, 0]]


def test_log_with_times_beside_its_steps_is_fed(tmp_path: Path) -> None:
    """From columns of the log, most recent first, to ages and sessions."""
    lines = [
        ["u", "100", "a", "0", "c b a", "99 98 50"],
        ["u", "200", "b", "1", "", ""],
        ["u", "300", "a", "0", "a", "100"],
        ["u", "400", "b", "1", "b a", "395 390"],
    ]
    path = tmp_path / "log.csv"
    path.write_text(table(["user", "time", "item", "click", "seen", "times"], lines, ","))
    keys = {"source": "row", "time": "times", "newest_first": True, "max_age_s": 60.0, "session_gap_s": GAP}
    plain = plain_features()
    history = History(fields={"seen": "item"}, max_length=4, **keys)
    dataset = load_dataset(path, plain.model_copy(update={"history": {"hist": history}}))
    flat = take(dataset, np.arange(4), input_specs(dataset.features, ages=("hist",)))
    assert flat["hist_age_seconds"].tolist() == [[50, 2, 1], [0, 0, 0], [0, 0, 0], [10, 5, 0]]
    a, b = (dataset.vocabularies["item"].index(key) + 2 for key in "ab")
    assert flat["hist_seen"][3].tolist() == [a, b, 0]
    cut = take(dataset, np.arange(4), input_specs(dataset.features, sessions=("hist",), ages=("hist",)))
    assert cut["hist_age_seconds"][[0, 3]].tolist() == [[[50, 0], [2, 1]], [[10, 5], [0, 0]]]


def test_times_of_steps_count_as_a_part_of_the_dataset() -> None:
    dataset = in_rows([[1.0], [2.0]], [3, 3])
    assert "history.hist.time" in dict(dataset.arrays())
    steps = dataset.history["hist"]
    untimed = replace(dataset, history={"hist": replace(steps, time=None)})
    assert "history.hist.time" not in dict(untimed.arrays())


@pytest.mark.parametrize("cut", [False, True], ids=["flat", "sessions"])
def test_history_without_any_step_is_empty(cut: bool) -> None:
    dataset = in_rows([[], []], [3, 3], max_age_s=1.0, session_gap_s=GAP)
    specs = input_specs(dataset.features, sessions=("hist",) if cut else ())
    made = take(dataset, np.arange(2), specs)["hist_seen"]
    assert made.tolist() == ([[[0]], [[0]]] if cut else [[0], [0]])
