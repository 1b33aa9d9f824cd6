"""Rows that cannot be used: refused all at once, or left out, counted and listed."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bstkit.config.features import ContextId, ContextNumeric, Features, History, Space, Split
from bstkit.data.checked import log as log_module
from bstkit.data.checked.log import Log, read_log
from bstkit.data.layouts import Source, open_source
from bstkit.errors import DataError

COLUMNS = ("user", "time", "item", "click", "price", "weight", "tags", "strengths", "part")
GOOD = ("u", "5", "a", "1", "2.5", "1", "x y", "1 2", "train")


def features(bad_rows: str = "error", max_bad_share: float = 1.0, **changes: Any) -> Features:
    """Features that read every column of `COLUMNS`."""
    tables: dict[str, Any] = {
        "spaces": {name: Space(dim=4) for name in ("item", "tag", "user")},
        "log": {
            "user": "user",
            "time": "time",
            "labels": {"ctr": "click"},
            "bad_rows": bad_rows,
            "max_bad_share": max_bad_share,
        },
        "target": {"item": "item"},
        "history": {
            "hist": History(fields={"item": "item"}, max_length=4, weight="weight"),
            "tags": History(source="row", fields={"tags": "tag"}, weight="strengths", max_length=4),
        },
        "context": {"user": ContextId(space="user"), "price": ContextNumeric(numeric="standardise")},
        "split": Split(column="part"),
    }
    return Features(**(tables | changes))


def write(path: Path, *changed: dict[str, str], rows: int = 4) -> Path:
    """Write good rows, clicks taking turns, and then one row for each set of changed cells."""
    cells = [dict(zip(COLUMNS, GOOD, strict=True)) | {"click": str(place % 2)} for place in range(rows)]
    cells += [dict(zip(COLUMNS, GOOD, strict=True)) | change for change in changed]
    with path.open("w", newline="", encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(one) + "\n" for one in cells)
            return path
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        writer.writerows(cells)
    return path


def listed(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(log: Log) -> list[int]:
    return [row for (row,) in log.connection.execute("SELECT row FROM log ORDER BY row").fetchall()]


NO_NUMBER = "is not a finite number"
BAD: dict[str, tuple[dict[str, str], str, str, str]] = {
    "no_user": ({"user": ""}, "user", "is empty", ""),
    "broken_user": ({"user": "a\nb"}, "user", "holds a key with a line break", "a\nb"),
    "no_time": ({"time": ""}, "time", "is empty", ""),
    "nan_time": ({"time": "nan"}, "time", "is empty", ""),
    "word_as_time": ({"time": "yesterday"}, "time", "is not seconds or a date", "yesterday"),
    "infinite_time": ({"time": "-inf"}, "time", "is not seconds or a date", "-inf"),
    "negative_time": ({"time": "-5"}, "time", "is negative", "-5"),
    "date_before_1970": ({"time": "1969-07-20"}, "time", "is negative", "1969-07-20"),
    "no_label": ({"click": ""}, "click", "is empty", ""),
    "wrong_label": ({"click": "2"}, "click", "is not 0 or 1", "2"),
    "word_as_label": ({"click": "yes"}, "click", "is not 0 or 1", "yes"),
    "no_number": ({"price": "nan"}, "price", "is empty", ""),
    "word_as_number": ({"price": "dear"}, "price", NO_NUMBER, "dear"),
    "infinite_number": ({"price": "inf"}, "price", NO_NUMBER, "inf"),
    "no_weight": ({"weight": ""}, "weight", "is empty", ""),
    "word_as_weight": ({"weight": "much"}, "weight", NO_NUMBER, "much"),
    "broken_item": ({"item": "a\rb"}, "item", "holds a key with a line break", "a\rb"),
    "broken_element": ({"tags": "x y\nz"}, "tags", "holds a key with a line break", "x y\nz"),
    "shorter_side_column": (
        {"strengths": "1"},
        "tags, strengths",
        "has columns that are not equally long",
        "2 in column 'tags', 1 in weight column 'strengths'",
    ),
    "wrong_element": ({"strengths": "1 much"}, "strengths", NO_NUMBER, "much"),
    "no_split": ({"part": ""}, "part", "is empty", ""),
    "unknown_split": ({"part": "Train"}, "part", "is not train, validation or test", "Train"),
}


@pytest.mark.parametrize(("change", "column", "reason", "value"), BAD.values(), ids=BAD)
def test_bad_row_is_refused_and_listed(
    tmp_path: Path, change: dict[str, str], column: str, reason: str, value: str
) -> None:
    path, listing = write(tmp_path / "log.csv", change), tmp_path / "bad_rows.csv"
    with pytest.raises(DataError) as caught:
        read_log(path, features(), bad_rows_file=listing)
    assert f"{reason} in 1 row, first " in caught.value.message
    assert "in row 5" in caught.value.message
    assert str(listing) in caught.value.hint
    assert listed(listing) == [
        {"row": "5", "file": str(path), "line": "", "column": column, "reason": reason, "value": value}
    ]


@pytest.mark.parametrize(("change", "column", "reason", "value"), BAD.values(), ids=BAD)
def test_bad_row_is_left_out_counted_and_listed(
    tmp_path: Path, change: dict[str, str], column: str, reason: str, value: str
) -> None:
    path, listing = write(tmp_path / "log.jsonl", change, {}), tmp_path / "bad_rows.csv"
    log = read_log(path, features("skip"), bad_rows_file=listing)
    assert (log.rows, log.skipped) == (5, 1)
    assert rows_of(log) == [0, 1, 2, 3, 5]
    ((why, count),) = log.reasons.items()
    assert why.endswith(reason)
    assert count == 1
    assert [(line["row"], line["column"], line["reason"]) for line in listed(listing)] == [("5", column, reason)]


@pytest.mark.parametrize("key", ["a\nb", "a\r\nb"])
def test_cell_of_two_lines_is_two_lines_that_cannot_be_read(tmp_path: Path, key: str) -> None:
    path, listing = write(tmp_path / "log.csv", {"user": key}, {}), tmp_path / "bad_rows.csv"
    log = read_log(path, features("skip"), bad_rows_file=listing)
    assert (log.rows, log.skipped) == (5, 2)
    assert [line["line"] for line in listed(listing)] == ["6", "7"]


def test_row_that_is_wrong_in_two_ways_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", {"user": "", "time": "-1"}, {"time": "-2"})
    log = read_log(path, features("skip"), bad_rows_file=tmp_path / "bad.csv")
    assert (log.rows, log.skipped) == (4, 2)
    assert log.reasons == {"user column 'user' is empty": 1, "time column 'time' is negative": 2}
    assert [(line["row"], line["column"]) for line in listed(tmp_path / "bad.csv")] == [
        ("5", "time"),
        ("5", "user"),
        ("6", "time"),
    ]


def test_too_large_a_share_is_refused(tmp_path: Path) -> None:
    path, listing = write(tmp_path / "log.csv", {"time": "-1"}, rows=9), tmp_path / "bad.csv"
    assert read_log(path, features("skip", 0.1)).skipped == 1
    with pytest.raises(DataError) as caught:
        read_log(path, features("skip", 0.09), bad_rows_file=listing)
    assert "1 of 10 rows of" in caught.value.message
    assert "a share of 0.1, above max_bad_share = 0.09" in caught.value.message
    assert "time column 'time' is negative: 1 row" in caught.value.message
    assert str(listing) in caught.value.hint
    assert len(listed(listing)) == 1


def test_log_of_bad_rows_only_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", {"time": "-1"}, {"user": ""}, rows=0)
    with pytest.raises(DataError, match=r"none of the 2 rows of .* can be used"):
        read_log(path, features("skip"))


@pytest.mark.parametrize("policy", ["error", "skip"])
def test_no_list_is_left_where_nothing_is_bad(tmp_path: Path, policy: str) -> None:
    listing = tmp_path / "bad.csv"
    listing.write_text("of an earlier run")
    log = read_log(write(tmp_path / "log.csv"), features(policy), bad_rows_file=listing)
    assert (log.rows, log.skipped, log.reasons) == (4, 0, {})
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_list_of_an_earlier_run_is_gone_when_the_log_cannot_be_read(tmp_path: Path) -> None:
    listing = tmp_path / "bad.csv"
    listing.write_text("of an earlier run")
    with pytest.raises(DataError, match="no file or folder"):
        read_log(tmp_path / "log.csv", features(), bad_rows_file=listing)
    assert not listing.exists()


def test_list_is_whole_or_absent(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(DataError, match="cannot write the list of bad rows"):
        read_log(write(tmp_path / "log.csv", {"user": ""}), features("skip"), bad_rows_file=tmp_path / "taken")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "taken"]


def test_values_are_cut_in_the_list_and_in_errors(tmp_path: Path) -> None:
    path, listing = write(tmp_path / "log.csv", {"price": "é" * 999}), tmp_path / "bad.csv"
    with pytest.raises(DataError) as caught:
        read_log(path, features(), bad_rows_file=listing)
    assert listed(listing)[0]["value"] == "é" * 200
    assert f"first {'é' * 200!r} in row" in caught.value.message


def test_one_class_stays_an_error_when_rows_are_skipped(tmp_path: Path) -> None:
    """The only click stands in a row that cannot be used."""
    path = write(tmp_path / "log.csv", {"click": "0"}, {"click": "1", "time": "-1"}, rows=1)
    with pytest.raises(DataError, match="label column 'click' has one class only: every label is 0"):
        read_log(path, features("skip"))


def test_missing_column_stays_an_error_when_rows_are_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv")
    with pytest.raises(DataError, match=r"no column 'part_of', which features.toml asks for at .split. column"):
        read_log(path, features("skip", split=Split(column="part_of")))


def test_scored_log_follows_the_policy_too(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", {"time": "-1"}, {"click": "", "price": "", "part": "?"}, {"click": "2"})
    log = read_log(path, features("skip"), scoring=True)
    assert rows_of(log) == [0, 1, 2, 3, 5]
    with pytest.raises(DataError, match="is not 0 or 1"):
        read_log(path, features(), scoring=True)


def test_key_of_a_million_characters_is_a_key(tmp_path: Path) -> None:
    key = "k" * 10**6
    log = read_log(write(tmp_path / "log.csv", {"item": key}), features())
    assert log.connection.execute('SELECT "id:item" FROM log WHERE row = 4').fetchone() == (key,)


def test_given_database_is_used_and_bounded(tmp_path: Path) -> None:
    connection = duckdb.connect(str(tmp_path / "log.db"))
    connection.execute("SET memory_limit = '200MB'")
    log = read_log(write(tmp_path / "log.csv", {"user": ""}), features("skip"), connection=connection)
    assert log.connection is connection
    assert (tmp_path / "log.db").stat().st_size > 0
    assert connection.execute("SELECT count(*) FROM log").fetchone() == (4,)


def test_given_split_is_a_number(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", {"part": "validation"}, {"part": "test"})
    log = read_log(path, features())
    assert log.connection.execute("SELECT given_split FROM log ORDER BY row").fetchall() == [
        (0,), (0,), (0,), (0,), (1,), (2,),
    ]  # fmt: skip
    assert log.connection.execute("SELECT DISTINCT typeof(given_split) FROM log").fetchone() == ("TINYINT",)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the log's source tell of lines that it could not read."""

    def tell(files: Sequence[str], lines: str) -> None:
        def reading(*args: Any, **options: Any) -> Source:
            assert options["keep_going"]
            return replace(open_source(*args, **options), unreadable=lines, files=tuple(map(Path, files)))

        monkeypatch.setattr(log_module, "open_source", reading)

    return tell


def test_unreadable_lines_are_counted_and_listed(tmp_path: Path, unreadable: Callable[..., None]) -> None:
    unreadable(
        ["log.csv"],
        "SELECT * FROM (VALUES ('log.csv', 7, 'too few fields', 'u,1'), ('log.csv', 7, 'no number', 'u,1'), "
        "('log.csv', 3, 'not UTF-8', NULL)) AS t(file, line, reason, text)",
    )
    path, listing = write(tmp_path / "log.csv", {"user": ""}), tmp_path / "bad.csv"
    log = read_log(path, features("skip"), bad_rows_file=listing)
    assert (log.rows, log.skipped) == (4, 3)
    assert log.reasons == {"cannot be read": 2, "user column 'user' is empty": 1}
    assert [tuple(line.values()) for line in listed(listing)] == [
        ("", "log.csv", "3", "", "cannot be read: not UTF-8", ""),
        ("", "log.csv", "7", "", "cannot be read: no number", "u,1"),
        ("", "log.csv", "7", "", "cannot be read: too few fields", "u,1"),
        ("5", "log.csv", "", "user", "is empty", ""),
    ]
    with pytest.raises(DataError, match="3 of 7 rows"):
        read_log(path, features("skip", 0.4))
