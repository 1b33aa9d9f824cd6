"""Weights of events: one number in each row, fed beside the event in later histories."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bstkit.config.features import Features
from bstkit.data.dataset import load_dataset
from bstkit.data.feeding.feed import take
from bstkit.errors import DataError
from bstkit.inputs import input_specs
from tests.data.logs import plain_features, table


def weighted(events: str = "all") -> Features:
    plain = plain_features(events=events, max_length=2)
    return plain.model_copy(
        update={"history": {"hist": plain.history["hist"].model_copy(update={"weight": "seconds"})}}
    )


def write(path: Path, seconds: list[Any]) -> Path:
    lines = [["u", str(time), "a", str(time % 2), str(value)] for time, value in enumerate(seconds)]
    path.write_text(table(["user", "time", "item", "click", "seconds"], lines, ","))
    return path


def test_weight_is_that_of_the_earlier_event(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "log.csv", [5, 1.5, 2, 9, 7]), weighted())
    made = take(dataset, np.arange(5), input_specs(dataset.features, weights=("hist",)))["hist_weight"]
    assert made.tolist() == [[0, 0], [5, 0], [5, 1.5], [1.5, 2], [2, 9]]
    assert made.dtype == np.float32


def test_weight_follows_the_positive_events(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "log.csv", [5, 1.5, 2, 9, 7]), weighted("positive"))
    made = take(dataset, np.arange(5), input_specs(dataset.features, weights=("hist",)))["hist_weight"]
    assert made.tolist() == [[0, 0], [0, 0], [1.5, 0], [1.5, 0], [1.5, 9]]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "weight column 'seconds' is empty in 1 row"),
        ("nan", "weight column 'seconds' is empty in 1 row"),
        ("long", "weight column 'seconds' is not a finite number in 1 row, first 'long' in row 2"),
        ("inf", "weight column 'seconds' is not a finite number in 1 row, first 'inf' in row 2"),
    ],
)
def test_event_without_a_weight_is_refused(tmp_path: Path, value: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        load_dataset(write(tmp_path / "log.csv", [5, value, 2, 9, 7]), weighted())
    assert "every event needs its weight" in caught.value.hint


def test_weights_are_asked_of_a_history_that_has_them(tmp_path: Path) -> None:
    specs = input_specs(weighted(), weights=("hist",))
    dataset = load_dataset(write(tmp_path / "log.csv", [5, 1.5, 2, 9, 7]), plain_features())
    with pytest.raises(DataError, match="history 'hist' has no weights, and 'hist_weight' is one"):
        take(dataset, np.arange(5), specs)
