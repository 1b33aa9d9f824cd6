"""The leak check finds every way in which a history can be wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import History
from bstkit.data.dataset import Dataset, HistorySteps, load_dataset
from bstkit.data.leaks import check_leaks
from bstkit.errors import DataError
from tests.data.logs import plain_features, table, write_plain

ROWS = [("u", time, item, time % 2) for time, item in enumerate("abcabc")] + [
    ("v", time, item, time % 2) for time, item in enumerate("cbacba")
]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return load_dataset(write_plain(tmp_path / "log.csv", ROWS), plain_features(events="positive"))


def with_history(dataset: Dataset, **changes: np.ndarray) -> Dataset:
    history: HistorySteps = replace(dataset.history["hist"], **changes)
    return replace(dataset, history={"hist": history})


def edit(array: np.ndarray, place: int, change: int) -> np.ndarray:
    edited = array.copy()
    edited[place] += change
    return edited


def test_prepared_dataset_passes(dataset: Dataset) -> None:
    check_leaks(dataset)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda d: with_history(d, end=edit(d.history["hist"].end, 1, 1)), "row 1 holds its own row or a later event"),
        (lambda d: with_history(d, end=edit(d.history["hist"].end, 3, 2)), "row 3 holds its own row or a later event"),
        (lambda d: with_history(d, end=edit(d.history["hist"].end, 4, -1)), "row 4 lacks an earlier event"),
        (lambda d: with_history(d, start=edit(d.history["hist"].start, 4, 1)), "row 4 lacks an earlier event"),
        (lambda d: with_history(d, start=edit(d.history["hist"].start, 9, -1)), "row 9 holds an event of another user"),
        (lambda d: with_history(d, end=edit(d.history["hist"].end, 7, -1)), "row 7 has a start after its end"),
        (lambda d: replace(d, labels={"ctr": d.labels["ctr"] * 0}), "holds events that it must not"),
        (lambda d: with_history(d, event=edit(d.history["hist"].event, 0, -1)), "holds events that it must not"),
        (lambda d: replace(d, time=edit(d.time, 2, 9)), "not in the order"),
        (lambda d: replace(d, split=edit(d.split, 0, 2)), "earlier split"),
    ],
    ids=[
        "own_row",
        "later_row",
        "end_short",
        "start_late",
        "other_user",
        "crossed",
        "negative",
        "event",
        "time",
        "split",
    ],
)
def test_damage_is_found(dataset: Dataset, damage: Callable[[Dataset], Dataset], says: str) -> None:
    with pytest.raises(DataError, match=says):
        check_leaks(damage(dataset))


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("change", [-1, 1])
def test_row_with_the_values_of_another_is_found(tmp_path: Path, name: str, change: int) -> None:
    lines = [["u", str(time), "i", str(time % 2), "red blue"] for time in range(6)]
    (tmp_path / "log.csv").write_text(table(["user", "time", "item", "click", "tags"], lines, ","))
    plain = plain_features()
    hist = History(source="row", fields={"tags": "item"}, max_length=2)
    dataset = load_dataset(tmp_path / "log.csv", plain.model_copy(update={"history": {"hist": hist}}))
    check_leaks(dataset)
    for place in (0, 3, 5):
        damaged = edit(getattr(dataset.history["hist"], name), place, change)
        with pytest.raises(DataError, match="gives a row the steps of another one"):
            check_leaks(with_history(dataset, **{name: damaged}))
