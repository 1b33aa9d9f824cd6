"""Logs that cannot be opened: one clear error each, with a hint."""

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts import open_source
from bstkit.errors import DataError
from tests.data.layouts.reading import Reader, write_bytes, write_log

ROWS = [{"user": "u", "item": "i"}]


def read(path: Path, keep_going: bool) -> None:
    """Open a log and read all of it, as `read_log` does."""
    try:
        Reader(path, keep_going)
    except duckdb.Error as error:
        raise unreadable(str(path), error) from error


def mixed_formats(folder: Path) -> Path:
    write_log(folder / "a.csv", ROWS)
    write_log(folder / "b.parquet", ROWS)
    return folder


def nothing_readable(folder: Path) -> Path:
    (folder / "README.txt").write_text("no log")
    (folder / "below").mkdir()
    write_log(folder / "below" / "a.csv", ROWS)
    return folder


def empty_folder(folder: Path) -> Path:
    return folder


def pattern_without_files(folder: Path) -> Path:
    return folder / "*.parquet"


def csv_of_other_columns(folder: Path) -> Path:
    write_log(folder / "a.csv", ROWS)
    write_log(folder / "b.csv.gz", [{"user": "u", "product": "i"}])
    return folder


def csv_in_another_order(folder: Path) -> Path:
    write_log(folder / "a.tsv", ROWS)
    write_log(folder / "b.tsv", [{"item": "u", "user": "i"}])
    return folder


def parquet_of_other_columns(folder: Path) -> Path:
    write_log(folder / "a.parquet", ROWS)
    write_log(folder / "b.parquet", [{"user": "u", "item": "i", "extra": "x"}])
    return folder


def header_twice(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b"user,item,user\n1,2,3\n")


def header_twice_but_for_case(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b"user,item,User\n1,2,3\n")


def keys_twice_but_for_case(folder: Path) -> Path:
    return write_bytes(folder / "log.jsonl", b'{"user": 1}\n{"User": 2}\n')


def header_not_utf8(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b"us\xe9r,item\n1,2\n")


def header_of_two_lines(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b'"us\ner",item\n1,2\n')


def header_after_an_empty_line(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b"\nuser,item\n1,2\n")


def cut(folder: Path, name: str) -> Path:
    """A compressed file without its second half; what it holds does not compress."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(10**9, size=(40_000, 2))
    path = write_log(folder / name, [{"user": str(user), "item": str(item)} for user, item in numbers])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def cut_csv_gz(folder: Path) -> Path:
    return cut(folder, "log.csv.gz")


def cut_csv_zst(folder: Path) -> Path:
    return cut(folder, "log.csv.zst")


def cut_json_gz(folder: Path) -> Path:
    return cut(folder, "log.jsonl.gz")


def cut_taobao_gz(folder: Path) -> Path:
    return cut(folder, "UserBehavior.csv.gz")


def header_too_long(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b"x" * 3_000_000)


def header_with_open_quote(folder: Path) -> Path:
    return write_bytes(folder / "log.csv", b'"user,item\n1,2\n')


def no_gzip(folder: Path) -> Path:
    (folder / "log.csv.gz").write_bytes(b"user,item\n1,2\n")
    return folder / "log.csv.gz"


def no_zstd(folder: Path) -> Path:
    (folder / "log.jsonl.zst").write_bytes(b'{"user": 1}\n')
    return folder / "log.jsonl.zst"


def damaged_parquet_shard(folder: Path) -> Path:
    write_log(folder / "a.parquet", ROWS)
    (folder / "b.parquet").write_bytes(np.random.default_rng(0).bytes(500))
    return folder


def python_dicts(folder: Path) -> Path:
    return write_bytes(folder / "reviews.json.gz", b"{'reviewerID': 'A1', 'asin': 'B1', 'overall': 5.0}\n")


def json_array(folder: Path) -> Path:
    return write_bytes(folder / "log.json", b'[{"user": 1},\n{"user": 2}]\n')


def json_over_lines(folder: Path) -> Path:
    return write_bytes(folder / "log.json", b'{\n  "user": 1\n}\n')


def json_without_objects(folder: Path) -> Path:
    return write_bytes(folder / "log.jsonl", b"1\n2\nthree\n")


@pytest.mark.parametrize(
    ("make", "says", "hint"),
    [
        (mixed_formats, "mixes files of several formats: CSV, Parquet", "--data"),
        (nothing_readable, "holds no .inter file, nor anything else", r"--data 'logs/\*\*/\*.parquet'"),
        (empty_folder, "holds no .inter file, nor anything else", "CSV or Parquet"),
        (pattern_without_files, r"no file matches .*\*.parquet", "pattern"),
        (
            csv_of_other_columns,
            "b.csv.gz has other columns than a.csv: it lacks item and it adds product",
            "same columns",
        ),
        (csv_in_another_order, "b.tsv has other columns than a.tsv: they stand in another order: item, user", "order"),
        (parquet_of_other_columns, "b.parquet has other columns than a.parquet: it adds extra", "same columns"),
        (header_twice, "header of .*log.csv names 'user' twice", "name of its own"),
        (header_twice_but_for_case, "names 'User' twice .and 'user': upper and lower", "name of its own"),
        (keys_twice_but_for_case, "names 'User' twice", "name of its own"),
        (header_not_utf8, "log.csv: its header is not one line of UTF-8 text", "UTF-8"),
        (header_of_two_lines, "its header is not one line", "UTF-8"),
        (header_after_an_empty_line, "its first line is empty", "names"),
        (cut_csv_gz, "cannot read .*log.csv.gz", "cut short"),
        (cut_csv_zst, "cannot read .*log.csv.zst", "cut short"),
        (cut_json_gz, "cannot read .*log.jsonl.gz", "cut short"),
        (cut_taobao_gz, "cannot read .*UserBehavior.csv.gz", "cut short"),
        (header_too_long, "first line is longer than 2,000,000 bytes", "shorten"),
        (header_with_open_quote, "cannot read the header of .*log.csv", "damaged"),
        (no_gzip, "cannot read .*log.csv.gz", "damaged"),
        (no_zstd, "cannot read .*log.jsonl.zst", "damaged"),
        (damaged_parquet_shard, "cannot read .*b.parquet", "damaged"),
        (python_dicts, "reviews.json.gz holds Python's dicts", "ast.literal_eval"),
        (json_array, "one JSON value over several lines", "jq -c"),
        (json_over_lines, "one JSON value over several lines", "one object a line"),
        (json_without_objects, "none of its first lines is a JSON object", "one object a line"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
@pytest.mark.parametrize("keep_going", [False, True])
def test_log_is_refused(tmp_path: Path, make: Callable[[Path], Path], says: str, hint: str, keep_going: bool) -> None:
    path = make(tmp_path)
    with pytest.raises(DataError, match=f"(?s){says}") as caught:
        read(path, keep_going)
    assert re.search(hint, caught.value.hint)


def test_first_line_of_many_bytes_without_an_end_is_read(tmp_path: Path) -> None:
    """Longer than the first look, shorter than the longest line, and the file ends without a line end."""
    names = ",".join(f"{number}_{'x' * 200}" for number in range(500))
    assert len(Reader(write_bytes(tmp_path / "log.csv", names.encode())).source.columns) == 500


def test_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file or folder .*nothing\.csv"):
        open_source(duckdb.connect(), tmp_path / "nothing.csv")
