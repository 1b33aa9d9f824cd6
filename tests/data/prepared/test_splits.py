"""The four ways to split a log, and that none lets a later row teach an earlier one."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bstkit.config.features import Features, Shares, Split, TimeSplit
from bstkit.data.dataset import SPLITS, Dataset, load_dataset
from bstkit.errors import DataError
from tests.data.logs import plain_features, table, write_plain

USERS = [f"u{number:02d}" for number in range(40)]
DAY = 86_400


def rows(per_user: int = 6) -> list[tuple[Any, ...]]:
    """Users take turns; one event a day and user."""
    return [
        (user, DAY * day + place, f"i{(day + place) % 5}", (day + place) % 2)
        for day in range(per_user)
        for place, user in enumerate(USERS)
    ]


def split_features(**split: Any) -> Features:
    return plain_features().model_copy(update={"split": Split(**split)})


def load(folder: Path, **split: Any) -> Dataset:
    return load_dataset(write_plain(folder / "log.csv", rows()), split_features(**split))


def parts(dataset: Dataset) -> dict[str, set[int]]:
    """The days of each split."""
    return {name: set((dataset.time[dataset.rows(name)] // DAY).astype(int).tolist()) for name in SPLITS}


@pytest.mark.parametrize(
    ("validation", "test"),
    [
        (3.0 * DAY, 5.0 * DAY),
        (date(1970, 1, 4), date(1970, 1, 6)),
        (datetime(1970, 1, 4), datetime(1970, 1, 6, tzinfo=UTC)),
        (2 / 6, 1 / 6),
    ],
    ids=["seconds", "dates", "times", "shares"],
)
@pytest.mark.usefixtures("small_pieces")
def test_split_by_time_cuts_at_moments(tmp_path: Path, validation: Any, test: Any) -> None:
    dataset = load(tmp_path, time=TimeSplit(validation=validation, test=test))
    assert parts(dataset) == {"train": {0, 1, 2}, "validation": {3, 4}, "test": {5}}


def test_split_by_user_keeps_users_whole_and_in_their_part(tmp_path: Path) -> None:
    dataset = load(tmp_path, user=Shares(validation=0.2, test=0.2))
    by_user = [set(dataset.split[dataset.user == user].tolist()) for user in range(len(USERS))]
    assert all(len(found) == 1 for found in by_user)
    sizes = np.bincount([found.pop() for found in by_user], minlength=3)
    assert 2 <= sizes[1] <= 14
    assert 2 <= sizes[2] <= 14
    fewer = [row for row in rows() if row[0] not in USERS[::3]]
    write_plain(tmp_path / "fewer.csv", fewer)
    again = load_dataset(tmp_path / "fewer.csv", split_features(user=Shares(validation=0.2, test=0.2)))
    kept = [user for user in range(len(USERS)) if user % 3]
    assert [again.split[again.user == number][0] for number in range(len(kept))] == [
        dataset.split[dataset.user == user][0] for user in kept
    ]


def column_log(folder: Path, names: list[str]) -> Path:
    """Each user's events have the splits `names` in order."""
    cells = [[str(cell) for cell in row] + [names[index // len(USERS)]] for index, row in enumerate(rows(len(names)))]
    (folder / "log.csv").write_text(table(["user", "time", "item", "click", "part"], cells, ","))
    return folder / "log.csv"


@pytest.mark.parametrize("column", ["part"])
def test_split_by_column_is_what_the_log_says(tmp_path: Path, column: str) -> None:
    path = column_log(tmp_path, ["train", "train", "validation", "test"])
    dataset = load_dataset(path, split_features(column=column))
    assert parts(dataset) == {"train": {0, 1}, "validation": {2}, "test": {3}}


@pytest.mark.parametrize(
    "names",
    [
        ["train", "validation", "train", "test"],
        ["train", "validation", "test", "train"],
        ["test", "train", "validation"],
    ],
)
def test_column_that_trains_on_what_follows_is_refused(tmp_path: Path, names: list[str]) -> None:
    path = column_log(tmp_path, names)
    with pytest.raises(DataError, match="earlier split follows one of a later split") as caught:
        load_dataset(path, split_features(column="part"))
    assert "'part'" in caught.value.hint


@pytest.mark.parametrize(
    "split",
    [
        {"time": TimeSplit(validation=3.0 * DAY, test=99.0 * DAY)},
        {"time": TimeSplit(validation=0.0, test=5.0 * DAY)},
        {"user": Shares(validation=0.000001, test=0.2)},
    ],
    ids=["no_test", "no_training", "no_validation"],
)
def test_empty_part_is_refused(tmp_path: Path, split: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"is left for (train|validation|test), as \[split\]"):
        load(tmp_path, **split)


@pytest.mark.usefixtures("small_pieces")
def test_leave_last_counts_from_each_users_end(tmp_path: Path) -> None:
    dataset = load(tmp_path, leave_last=2)
    assert dataset.split.reshape(len(USERS), 6).tolist() == [[0, 0, 1, 1, 2, 2]] * len(USERS)
