"""Units of times: seconds, milliseconds, microseconds; mixed ones and wrong ones are refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import duckdb
import pytest

from bstkit.config.features import Features, LogColumns
from bstkit.data.checked.log import Log, read_log
from bstkit.errors import DataError
from tests.data.logs import plain_features, write_plain

Unit = Literal["s", "ms", "us"]


def features(unit: Unit = "s", bad_rows: Literal["error", "skip"] = "error") -> Features:
    log = LogColumns(
        user="user", time="time", labels={"ctr": "click"}, time_unit=unit, bad_rows=bad_rows, max_bad_share=1.0
    )
    return plain_features().model_copy(update={"log": log})


def write(folder: Path, times: Sequence[object]) -> Path:
    return write_plain(folder / "log.csv", [["u", time, "a", place % 2] for place, time in enumerate(times)])


def times(log: Log) -> list[float]:
    return [time for (time,) in log.connection.execute('SELECT "time" FROM log ORDER BY row').fetchall()]


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("s", [1700000000.25, 1700000001]),
        ("ms", [1700000000250, 1700000001000]),
        ("us", [1700000000250000, 1700000001000000]),
        ("us", ["2023-11-14 22:13:20.25", "2023-11-14T22:13:21Z"]),
        ("ms", ["2023-11-14 22:13:20.25", 1700000001000]),
    ],
)
def test_numbers_are_of_the_stated_unit_and_dates_are_dates(tmp_path: Path, unit: Unit, written: list[object]) -> None:
    assert times(read_log(write(tmp_path, written), features(unit))) == [1700000000.25, 1700000001.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_zero_and_small_times_fit_every_unit(tmp_path: Path, unit: Unit) -> None:
    assert times(read_log(write(tmp_path, [0, 1000, 0]), features(unit)))[0] == 0.0


def test_zero_beside_milliseconds_mixes_nothing(tmp_path: Path) -> None:
    assert times(read_log(write(tmp_path, [0, 1700000000000]), features("ms"))) == [0.0, 1.7e9]


@pytest.mark.parametrize("scoring", [False, True])
@pytest.mark.parametrize("policy", ["error", "skip"])
@pytest.mark.parametrize(
    ("stated", "time", "says", "hint"),
    [
        ("s", 1700000000000, "look like milliseconds, first '1700000000000' in row 1", 'time_unit = "ms"'),
        ("s", 1700000000000000, "look like microseconds", 'time_unit = "us"'),
        ("ms", 1700000000000000, "look like microseconds", 'time_unit = "us"'),
        ("us", 1700000000000000000, "look like nanoseconds", "divide them by"),
    ],
)
def test_finer_unit_than_stated_is_refused(
    tmp_path: Path,
    stated: Unit,
    time: int,
    says: str,
    hint: str,
    policy: Literal["error", "skip"],
    scoring: bool,
) -> None:
    with pytest.raises(DataError) as caught:
        read_log(write(tmp_path, [time, time + 1]), features(stated, policy), scoring=scoring)
    assert f"the numbers in time column 'time' {says}" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("scoring", [False, True])
@pytest.mark.parametrize("policy", ["error", "skip"])
@pytest.mark.parametrize("stated", ["s", "ms", "us"])
def test_mixed_units_are_refused_with_an_example_of_each(
    tmp_path: Path, stated: Unit, policy: Literal["error", "skip"], scoring: bool
) -> None:
    path = write(tmp_path, [1700000000, 1700000000000, 1700000001, -5, "x", 0])
    with pytest.raises(DataError) as caught:
        read_log(path, features(stated, policy), scoring=scoring)
    assert (
        "time column 'time' mixes units: 2 rows in seconds, first '1700000000' in row 1; "
        "1 row in milliseconds, first '1700000000000' in row 2" in caught.value.message
    )


def test_timestamps_of_parquet_have_no_unit(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    duckdb.sql(
        "COPY (SELECT 'u' AS \"user\", TIMESTAMP '2023-11-14 22:13:20' AS time, 'a' AS item, range AS click "
        f"FROM range(2)) TO '{path}' (FORMAT parquet)"
    )
    assert times(read_log(path, features("us"))) == [1.7e9, 1.7e9]
