"""Logs that cannot be used: one clear error each, with a hint."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bstkit.config.features import ContextNumeric, Features, LogColumns
from bstkit.data.checked.log import read_log
from bstkit.data.dataset import load_dataset
from bstkit.errors import DataError
from tests.data.logs import events, features, plain_features, table, write_plain, write_recbole

HEADER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
LABELLED = features(log=LogColumns(user="user_id", time="timestamp", labels={"ctr": "rating"}))

Made = tuple[Path, Features]


def changed(cell: int, value: str) -> list[list[str]]:
    """The usual events with one cell of the fourth replaced."""
    rows = events()
    rows[3][cell] = value
    return rows


def missing(folder: Path) -> Made:
    return folder / "nothing", features()


def unknown_kind(folder: Path) -> Made:
    (folder / "log.xlsx").write_text("x")
    return folder / "log.xlsx", features()


def no_inter(folder: Path) -> Made:
    return write_recbole(folder, inter=None), features()


def two_inter(folder: Path) -> Made:
    (folder / "other.inter").write_text(HEADER)
    return write_recbole(folder), features()


def header_without_types(folder: Path) -> Made:
    return write_recbole(folder, inter="user_id\titem_id\n1\t2\n"), features()


def header_twice(folder: Path) -> Made:
    return write_recbole(folder, inter="user_id:token\tuser_id:token\n1\t2\n"), features()


def no_bytes(folder: Path) -> Made:
    return write_recbole(folder, inter=""), features()


def missing_column(folder: Path) -> Made:
    return write_recbole(folder, user="user_id:token\tage:float\tgendr:token\nann\t1\tF\n"), features()


def missing_derived(folder: Path) -> Made:
    return write_recbole(folder, item=None), features()


def missing_label(folder: Path) -> Made:
    log = LogColumns(user="user_id", time="timestamp", labels={"ctr": "ratings >= 4"})
    return write_recbole(folder), features(log=log)


def foreign_side(folder: Path) -> Made:
    return write_recbole(folder, user="person:token\tage:float\tgender:token\n"), features()


def described_twice(folder: Path) -> Made:
    text = "user_id:token\tage:float\tgender:token\nann\t1\tF\nann\t2\tM\n"
    return write_recbole(folder, user=text), features()


def too_few_fields(folder: Path) -> Made:
    return write_recbole(folder, rows=[*events()[:5], ["ann", "10"], *events()[5:]]), features()


def too_many_fields(folder: Path) -> Made:
    return write_recbole(folder, rows=[*events()[:5], ["ann", "10", "3", "4", "5"]]), features()


def side_too_few_fields(folder: Path) -> Made:
    return write_recbole(folder, user="user_id:token\tage:float\tgender:token\nann\t1\n"), features()


def garbage_inter(folder: Path) -> Made:
    write_recbole(folder)
    (folder / "small.inter").write_bytes(np.random.default_rng(0).bytes(5000))
    return folder, features()


def garbage_rows(folder: Path) -> Made:
    write_recbole(folder)
    (folder / "small.inter").write_bytes(HEADER.encode() + np.random.default_rng(0).bytes(5000))
    return folder, features()


def garbage_csv(folder: Path) -> Made:
    (folder / "log.csv").write_bytes(np.random.default_rng(0).bytes(5000))
    return folder / "log.csv", plain_features()


def empty_csv(folder: Path) -> Made:
    (folder / "log.csv").write_bytes(b"")
    return folder / "log.csv", plain_features()


def garbage_parquet(folder: Path) -> Made:
    (folder / "log.parquet").write_bytes(np.random.default_rng(0).bytes(5000))
    return folder / "log.parquet", plain_features()


def cut_parquet(folder: Path) -> Made:
    path = folder / "log.parquet"
    duckdb.sql(
        'COPY (SELECT range AS "user", 1 AS time, 2 AS item, 0 AS click FROM range(10000)) '
        f"TO '{path}' (FORMAT parquet)"
    )
    path.write_bytes(path.read_bytes()[:-200])
    return path, plain_features()


def cut_gzip(folder: Path) -> Made:
    rng = np.random.default_rng(0)
    rows = [[str(rng.integers(1000)), str(place), str(rng.integers(1000)), "1"] for place in range(20_000)]
    packed = gzip.compress(table(["user", "time", "item", "click"], rows, ",").encode())
    (folder / "log.csv.gz").write_bytes(packed[: len(packed) // 2])
    return folder / "log.csv.gz", plain_features()


def ragged_csv(folder: Path) -> Made:
    path = write_plain(folder / "log.csv", [["u", number, "a", number % 2] for number in range(5000)] + [["u", 1]])
    return path, plain_features()


def empty_log(folder: Path) -> Made:
    return write_recbole(folder, inter=HEADER), features()


def wrong_label(folder: Path) -> Made:
    rows = [[*row[:2], str(number % 2), row[3]] for number, row in enumerate(events())]
    rows[3][2] = "2"
    return write_recbole(folder, rows=rows), LABELLED


def wrong_condition(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(2, "good")), features()


def empty_label(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(2, "")), features()


def one_class(folder: Path) -> Made:
    return write_recbole(folder, rows=[[*row[:2], "5", row[3]] for row in events()]), features()


def one_class_in_training(folder: Path) -> Made:
    rows = [[*row[:2], "5" if number < 12 else "1", row[3]] for number, row in enumerate(events())]
    return write_recbole(folder, rows=rows), features()


def empty_number(folder: Path) -> Made:
    return write_recbole(
        folder, user="user_id:token\tage:float\tgender:token\nann\t\tF\nbob\tNaN\tM\ncleo\t4\tF\n"
    ), features()


def wrong_number(folder: Path) -> Made:
    text = "user_id:token\tage:float\tgender:token\nann\told\tF\nbob\t3\tM\ncleo\t4\tF\n"
    context = {"age": ContextNumeric(numeric="standardise", missing=0.0)}
    return write_recbole(folder, user=text), features(context=context)


def infinite_number(folder: Path) -> Made:
    return write_recbole(
        folder, user="user_id:token\tage:float\tgender:token\nann\tinf\tF\nbob\t3\tM\ncleo\t4\tF\n"
    ), features()


def empty_user(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(0, "")), features()


def wrong_time(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(3, "yesterday")), features()


def empty_time(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(3, "")), features()


def infinite_time(folder: Path) -> Made:
    return write_recbole(folder, rows=changed(3, "inf")), features()


def short_users(folder: Path) -> Made:
    return write_recbole(folder), features(leave_last=5)


def nothing_to_train_on(folder: Path) -> Made:
    return write_recbole(folder), features(leave_last=4)


def no_keys(folder: Path) -> Made:
    return write_recbole(
        folder, user="user_id:token\tage:float\tgender:token\nann\t1\t\nbob\t2\t\ncleo\t3\t\n"
    ), features()


def broken_key(folder: Path) -> Made:
    path = folder / "log.parquet"
    duckdb.sql(
        "COPY (SELECT 'u' AS \"user\", range AS time, 'a' || chr(10) || 'b' AS item, range % 2 AS click FROM range(9)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    return path, plain_features()


@pytest.mark.parametrize(
    ("make", "says", "hint"),
    [
        (missing, "no file or folder .*nothing", "check the path"),
        (unknown_kind, "no log that bstkit can read", "RecBole"),
        (no_inter, "holds no .inter file", "CSV or Parquet"),
        (two_inter, "several .inter files: other.inter, small.inter", "--data .*other.inter"),
        (header_without_types, "header of .*small.inter is not RecBole's: 'user_id'", "name:type"),
        (header_twice, "names 'user_id' twice", "name of its own"),
        (no_bytes, "header of .*small.inter is not RecBole's: ''", "name:type"),
        (
            missing_column,
            r"no column 'gender', which features.toml asks for at \[context\] gender",
            "did you mean 'gendr'",
        ),
        (missing_derived, r"no column 'class', .* at \[columns\] cate_id", "the log has"),
        (missing_label, r"no column 'ratings', .* at \[log\] labels.ctr", "did you mean 'rating'"),
        (foreign_side, "first column of small.user, 'person', is not in small.inter", "the same in both"),
        (described_twice, "small.user describes 'ann' more than once", "one row"),
        (too_few_fields, "cannot read .*Line: 7; Original Line: ann.*Columns: 4 Found: 2", "damaged or cut short"),
        (too_many_fields, "cannot read .*Columns: 4 Found: 5", "damaged or cut short"),
        (side_too_few_fields, "cannot read .*small.user: .*Columns: 3 Found: 2", "damaged or cut short"),
        (garbage_inter, "cannot read .*small.inter", "damaged"),
        (garbage_rows, "cannot read", "damaged"),
        (garbage_csv, "cannot read|has no column", ""),
        (empty_csv, "cannot read|has no column", ""),
        (garbage_parquet, "cannot read .*log.parquet", "damaged"),
        (cut_parquet, "cannot read .*log.parquet", "damaged"),
        (cut_gzip, "cannot read .*log.csv.gz", "damaged"),
        (ragged_csv, "cannot read .*log.csv: .*Columns: 4 Found: 2", "damaged"),
        (empty_log, "is empty", "with events"),
        (wrong_label, "label column 'rating' is not 0 or 1 in 1 row, first '2' in row 4", "rating >= 4"),
        (
            wrong_condition,
            "label column 'rating' is not a number in 1 row, first 'good' in row 4",
            "correct these rows",
        ),
        (empty_label, "label column 'rating' is empty in 1 row", "correct these rows"),
        (one_class, "label column 'rating' has one class only: every label is 1", "clicks and non-clicks"),
        (one_class_in_training, "training rows .* one class only: every label of task 'ctr' is 1", "leave_last"),
        (empty_number, "numeric column 'age' is empty in 16 rows", "missing = 0.0"),
        (wrong_number, "numeric column 'age' is not a finite number in 8 rows, first 'old' in row 1", "correct these"),
        (
            infinite_number,
            "numeric column 'age' is not a finite number in 8 rows, first 'inf' in row 1",
            "correct these",
        ),
        (empty_user, "user column 'user_id' is empty in 1 row", "needs its user"),
        (
            wrong_time,
            "time column 'timestamp' is not seconds or a date in 1 row, first 'yesterday' in row 4",
            "seconds",
        ),
        (empty_time, "time column 'timestamp' is empty in 1 row", "seconds"),
        (infinite_time, "time column 'timestamp' is not seconds or a date in 1 row, first 'inf' in row 4", "seconds"),
        (short_users, "no user of .* has the 10 events that the split needs; the longest has 8", "at most 3"),
        (nothing_to_train_on, "no event of .* is left for training", "at most 3"),
        (no_keys, "no training row has a key of space 'gender'", "features.toml"),
        (broken_key, r"column 'item' holds a key with a line break in 9 rows, first 'a\\nb' in row 1", "line breaks"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_log_is_refused(tmp_path: Path, make: Callable[[Path], Made], says: str, hint: str) -> None:
    path, given = make(tmp_path)
    with pytest.raises(DataError, match=f"(?s){says}") as caught:
        load_dataset(path, given)
    assert re.search(hint, caught.value.hint)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    rows = changed(3, "yesterday")
    rows[5][2] = "good"
    rows[7][0] = ""
    with pytest.raises(DataError) as caught:
        read_log(write_recbole(tmp_path, rows=rows), features())
    message = caught.value.message
    assert [name in message for name in ("'timestamp'", "'rating'", "'user_id'")] == [True, True, True]


def test_every_missing_column_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_log(write_recbole(tmp_path, user=None, item=None), features())
    assert all(f"'{name}'" in caught.value.message for name in ("class", "gender", "age"))
