"""Histories that are cut into sessions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bstkit.config.features import Features
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feeding.feed import history_lengths, take
from bstkit.errors import DataError
from bstkit.inputs import input_specs
from tests.data.logs import plain_features, write_plain

GAP = 10


def cut_features(max_sessions: int = 2, session_length: int = 3, events: str = "all", **changes: Any) -> Features:
    plain = plain_features(events=events)
    keys = {"session_gap_s": GAP, "max_sessions": max_sessions, "session_length": session_length} | changes
    return plain.model_copy(update={"history": {"hist": plain.history["hist"].model_copy(update=keys)}})


def load(path: Path, times: list[float], **keys: Any) -> Dataset:
    """One user whose items are named after the place of their event."""
    rows = [("u", time, f"i{place}", place % 2) for place, time in enumerate(times)]
    return load_dataset(write_plain(path / "log.csv", rows), cut_features(**keys))


def sessions_of(dataset: Dataset, rows: Any, **more: Any) -> dict[str, np.ndarray]:
    return take(dataset, np.asarray(rows), input_specs(dataset.features, sessions=("hist",), **more))


def test_sessions_are_oldest_first_and_padded_on_the_right(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 10, 21, 40, 45, 50, 52, 100])
    item = dataset.target["item"]
    made = sessions_of(dataset, [0, 2, 4, 7], ages=("hist",))
    assert made["hist_item"].tolist() == [
        [[0, 0, 0], [0, 0, 0]],
        [[item[0], item[1], 0], [0, 0, 0]],
        [[item[2], 0, 0], [item[3], 0, 0]],
        [[item[2], 0, 0], [item[4], item[5], item[6]]],
    ]
    assert made["hist_age_seconds"].tolist() == [
        [[0, 0, 0], [0, 0, 0]],
        [[21, 11, 0], [0, 0, 0]],
        [[24, 0, 0], [5, 0, 0]],
        [[79, 0, 0], [55, 50, 48]],
    ]


def test_gap_itself_does_not_end_a_session(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 10, 20.5, 31, 32])
    assert dataset.history["hist"].session.tolist() == [0, 0, 1, 2, 2]


def test_row_inside_a_session_sees_its_beginning_only(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 1, 2, 3, 4])
    assert sessions_of(dataset, [2])["hist_item"].tolist() == [[dataset.target["item"][:2].tolist()]]


def test_empty_history_is_one_empty_session(tmp_path: Path) -> None:
    assert sessions_of(load(tmp_path, [0, 1, 2, 3]), [0])["hist_item"].tolist() == [[[0]]]


def test_log_without_history_events_has_empty_sessions(tmp_path: Path) -> None:
    rows = [("u", 0, "a", 0), ("v", 0, "a", 1), ("u", 1, "a", 0), ("u", 2, "a", 0)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), cut_features(events="positive"))
    assert sessions_of(dataset, np.arange(4))["hist_item"].tolist() == [[[0]]] * 4


def test_gap_is_measured_between_events_of_the_history(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 9, 18, 27, 36], events="positive")
    assert dataset.history["hist"].session.tolist() == [0, 1]


def test_shapes_grow_with_the_rows_asked_for(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 1, 2, 30, 31, 60, 61])
    assert sessions_of(dataset, [1, 2])["hist_item"].shape == (2, 1, 2)
    assert sessions_of(dataset, [1, 6])["hist_item"].shape == (2, 2, 2)


def test_rows_are_sorted_by_the_cells_they_take(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 1, 2, 30, 31, 60, 61])
    specs = input_specs(dataset.features, sessions=("hist",))
    assert history_lengths(dataset, np.arange(7), specs).tolist() == [0, 1, 2, 3, 6, 6, 4]


def test_same_history_may_be_flat_with_a_length(tmp_path: Path) -> None:
    dataset = load(tmp_path, [0, 1, 2, 30, 31, 60, 61], length="n")
    made = take(dataset, np.array([6]), input_specs(dataset.features))
    assert made["hist_item"].shape == (1, 4)
    assert made["n"].tolist() == [4]


def test_history_without_a_gap_cannot_be_cut(tmp_path: Path) -> None:
    rows = [("u", time, "a", time % 2) for time in range(4)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    with pytest.raises(DataError, match="history 'hist' has no sessions") as caught:
        sessions_of(dataset, [1])
    assert "session_gap_s = 1800" in caught.value.hint


def expected(dataset: Dataset, row: int, max_sessions: int, session_length: int) -> list[list[int]]:
    """A row's sessions straight from the definition."""
    earlier = [other for other in range(row) if dataset.user[other] == dataset.user[row]]
    sessions: list[list[int]] = []
    for place, other in enumerate(earlier):
        if place == 0 or dataset.time[other] - dataset.time[earlier[place - 1]] > GAP:
            sessions.append([])
        sessions[-1].append(int(dataset.target["item"][other]))
    return [session[-session_length:] for session in sessions[-max_sessions:]]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.sampled_from("pqrs")), max_size=40),
    max_sessions=st.integers(1, 3),
    session_length=st.integers(1, 4),
)
def test_sessions_equal_the_definition(
    tmp_path: Path, log: list[tuple[str, int, str]], max_sessions: int, session_length: int
) -> None:
    rows = [(*event, place % 2) for place, event in enumerate(log)]
    rows += [("z", time, item, time % 2) for time, item in enumerate("abab")]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), cut_features(max_sessions, session_length))
    every = np.arange(len(dataset.user))
    made = sessions_of(dataset, every)["hist_item"]
    wanted = [expected(dataset, row, max_sessions, session_length) for row in every]
    assert [[[i for i in session if i] for session in row if session.any()] for row in made] == wanted
    longest = max((len(session) for row in wanted for session in row), default=1)
    assert made.shape == (len(every), max(1, *map(len, wanted)), longest)
