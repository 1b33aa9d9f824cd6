"""Several tasks: a label may be missing, a task may not be without labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import Features, LogColumns
from bstkit.data.baselines import base_rate, baselines, click_rates
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feeding.feed import batches
from bstkit.data.leaks import check_leaks
from bstkit.errors import DataError
from bstkit.inputs import input_specs
from tests.data.logs import plain_features, table

CLICKS = [1, 0, "", 1, 0, 1]
BOUGHT = ["", 1, 0, "", 0, 1]


def two_tasks(events: str = "all", cvr: str = "bought") -> Features:
    plain = plain_features(events=events)
    return plain.model_copy(update={"log": LogColumns(user="user", time="time", labels={"ctr": "click", "cvr": cvr})})


def write(path: Path, clicks: Sequence[object] = CLICKS, bought: Sequence[object] = BOUGHT) -> Path:
    """Two users with the same events."""
    lines = [
        [user, str(time), "ab"[time % 2], str(click), str(buy)]
        for user in "uv"
        for time, (click, buy) in enumerate(zip(clicks, bought, strict=True))
    ]
    path.write_text(table(["user", "time", "item", "click", "bought"], lines, ","))
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return load_dataset(write(tmp_path / "log.csv"), two_tasks())


def test_missing_label_is_nan(dataset: Dataset) -> None:
    nan = np.nan
    np.testing.assert_array_equal(dataset.labels["ctr"][:6], np.float32([1, 0, nan, 1, 0, 1]))
    np.testing.assert_array_equal(dataset.labels["cvr"][:6], np.float32([nan, 1, 0, nan, 0, 1]))


@pytest.mark.parametrize("written", ["nan", "NaN", ""])
def test_condition_on_a_missing_number_is_missing(tmp_path: Path, written: str) -> None:
    path = write(tmp_path / "log.csv", bought=[written, 5, 1, written, 2, 5])
    labels = load_dataset(path, two_tasks(cvr="bought >= 4")).labels["cvr"]
    np.testing.assert_array_equal(labels[:6], np.float32([np.nan, 1, 0, np.nan, 0, 1]))


def test_event_without_a_label_is_not_positive(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "log.csv"), two_tasks(events="positive"))
    assert dataset.history["hist"].event.tolist() == [0, 3, 5, 6, 9, 11]
    check_leaks(dataset)


def test_missing_labels_reach_training_as_nan(dataset: Dataset) -> None:
    [(_, labels)] = list(batches(dataset, "train", input_specs(dataset.features), 8))
    np.testing.assert_array_equal(labels["cvr"][:4, 0], np.float32([np.nan, 1, 0, np.nan]))


def test_baselines_leave_rows_without_the_label_out(dataset: Dataset) -> None:
    assert base_rate(dataset, "ctr") == pytest.approx(2 / 3)
    assert base_rate(dataset, "cvr") == pytest.approx(1 / 2)
    by_key = dict(zip(dataset.vocabularies["item"], click_rates(dataset, "cvr")[2:], strict=True))
    assert by_key == {"a": pytest.approx((0 + 5) / (2 + 10)), "b": pytest.approx((2 + 5) / (2 + 10))}
    assert baselines(dataset, "train")["constant"]["cvr"].rows == 4
    assert baselines(dataset, "train")["popularity"]["ctr"].rows == 6


def test_single_task_still_needs_every_label(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="label column 'click' is empty in 2 rows"):
        load_dataset(write(tmp_path / "log.csv"), plain_features())


@pytest.mark.parametrize(
    ("bought", "says"),
    [
        ([""] * 6, "label column 'bought' of task 'cvr' is empty in every row"),
        (["", 1, 1, "", 1, 1], "label column 'bought' of task 'cvr' has one class only: every label is 1"),
        (["", 1, 1, "", 0, 1], "training rows .* have one class only: every label of task 'cvr' is 1"),
        (["", "", "", "", 0, 1], "the train rows .* have no label of task 'cvr'"),
        (["", 1, 0, "", "", 1], "the validation rows .* have no label of task 'cvr'"),
        (["", 1, 0, "", 1, ""], "the test rows .* have no label of task 'cvr'"),
        (["", 1, 0, "", 2, 1], "label column 'bought' of task 'cvr' is not 0 or 1 in 2 rows, first '2' in row 5"),
    ],
    ids=["empty", "one_class", "one_class_in_training", "no_training", "no_validation", "no_test", "wrong"],
)
def test_task_that_cannot_be_learned_is_refused_by_name(tmp_path: Path, bought: list[object], says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        load_dataset(write(tmp_path / "log.csv", bought=bought), two_tasks())
    assert caught.value.hint
