"""Lines that cannot be read: an error with file and line, or left out and listed."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from bstkit.config.features import LogColumns
from bstkit.data.checked.log import read_log
from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts import open_source
from bstkit.errors import DataError
from tests.data.layouts.reading import Reader, write_bytes
from tests.data.logs import features, plain_features, write_recbole

CSV = b'a,b\n1,2\n\n3\n4,5,6\n7,\xff\n"x"y,8\n9,"z, ""z"""\n10\n11,"12\n13,"14"\n15,1"6\n'
CSV_GOOD = [("1", "2"), ("9", 'z, "z"'), ("13", "14"), ("15", '1"6')]
CSV_BAD = [
    (4, "expected 2 cells, found 1", "3"),
    (5, "expected 2 cells, found 3", "4,5,6"),
    (6, "not UTF-8", "7,?"),
    (7, "a quote that is not closed, or closed before the end of the cell", '"x"y,8'),
    (9, "expected 2 cells, found 1", "10"),
    (10, "a quote that is not closed, or closed before the end of the cell", '11,"12'),
]
TSV_GOOD = [(a, b.replace(",", "\t")) for a, b in CSV_GOOD]
JSON = b"""{"a": 1, "b": ["x"]}

[1, 2]
{"a": \xff}
nonsense
{"a": 1, "a": 2}
\xff\xfe
{"b": "single"}
{"a": 7
{"a": [1]}
  \t
"text"
{}
{"a": "last"}
"""
JSON_BAD = [
    (3, "no JSON object", "[1, 2]"),
    (4, "not UTF-8", '{"a": ?}'),
    (5, "not valid JSON", "nonsense"),
    (6, "a key stands twice in it", '{"a": 1, "a": 2}'),
    (7, "not UTF-8", "??"),
    (8, "a single value where the log's first lines hold lists", '{"b": "single"}'),
    (9, "not valid JSON", '{"a": 7'),
    (10, "a list where the log's first lines hold single values", '{"a": [1]}'),
    (12, "no JSON object", '"text"'),
]


@pytest.mark.parametrize(
    ("name", "text", "good", "bad"),
    [
        ("log.csv", CSV, CSV_GOOD, CSV_BAD),
        ("log.tsv.gz", CSV.replace(b",", b"\t"), TSV_GOOD, CSV_BAD),
        ("log.jsonl", JSON, [("1", ["x"]), (None, None), ("last", None)], JSON_BAD),
        ("log.json.zst", JSON, [("1", ["x"]), (None, None), ("last", None)], JSON_BAD),
    ],
)
def test_bad_lines_are_left_out_and_listed(tmp_path: Path, name: str, text: bytes, good: Any, bad: Any) -> None:
    """Of two shards, each with its own line numbers, around one without bad lines."""
    suffix = name.removeprefix("log")
    if name.startswith("log.json"):  # more lists than single values, so that the column is one
        text = text.replace(b"{}", b'{"b": []}')
        good = [row if row != (None, None) else (None, []) for row in good]
    write_bytes(tmp_path / f"a{suffix}", text)
    lines = text.splitlines(keepends=True)
    write_bytes(tmp_path / f"b{suffix}", b"".join(lines[:2] if "json" not in name else lines[:1]))
    write_bytes(tmp_path / f"c{suffix}", text)
    reader = Reader(tmp_path, keep_going=True)
    assert reader.rows() == [(place, *row) for place, row in enumerate([*good, good[0], *good])]
    listed = [(line, reason, cut.replace("\t", ",")) for _, line, reason, cut in reader.unreadable()]
    assert listed == [*bad, *bad]
    assert [row[0] for row in reader.unreadable()] == [f"a{suffix}"] * len(bad) + [f"c{suffix}"] * len(bad)


def test_text_is_cut(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "log.jsonl", b'{"a": 1}\n{"a": "' + b"y" * 5000 + b"\n")
    ((_, line, reason, text),) = Reader(path, keep_going=True).unreadable()
    assert (line, reason, text) == (2, "not valid JSON", '{"a": "' + "y" * 193)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("b.csv", b"a,b\n1,2\n3\n", r"b\.csv: Line: 3; Original Line: 3; Expected Number of Columns: 2 Found: 1"),
        ("b.csv", b"a,b\n1,2\n3,\xff\n", r"b\.csv: Line: 3; Original Line: 3,.*not utf-8 encoded"),
        ("b.csv", b'a,b\n1,2\n"3"x,4\n', r"b\.csv: Line: 3; Original Line: \"3\"x,4"),
        ("b.csv", b'a,b\n1,2\n3,"4\n5,6\n', r"b\.csv: Line: 3; .*unterminated quote"),
        ("b.csv", b"a,b\r\n1,2\n3,4\r\n", r"its lines end in different ways"),
        ("b.jsonl", b'{"a": 1, "b": 2}\n\nx\n', r"b\.jsonl, line 3: not valid JSON: x"),
        ("b.jsonl", b'{"a": 1}\n[]\n', r"b\.jsonl, line 2: no JSON object: \[\]"),
        ("b.jsonl", b'{"a": 1}\n{"a": 1, "a": 1}\n', r"b\.jsonl, line 2: a key stands twice in it"),
        ("b.jsonl", b'{"a": 1}\n{"a": "\xe9"}\n', r"b\.jsonl: Line: 2; .*not utf-8 encoded"),
    ],
)
def test_bad_line_is_an_error_that_names_it(tmp_path: Path, name: str, text: bytes, says: str) -> None:
    """In the second of two shards."""
    write_bytes(tmp_path / f"a{Path(name).suffix}", b"a,b\n1,2\n" if name == "b.csv" else b'{"a": 1, "b": 2}\n')
    write_bytes(tmp_path / name, text)
    connection = duckdb.connect()
    source = open_source(connection, tmp_path)
    assert source.unreadable is None
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(f"CREATE TABLE t AS {source.query}")
    with pytest.raises(DataError, match=f"(?s)cannot read .*{says}"):
        raise unreadable(source.origin, caught.value)


def test_read_log_names_the_line(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "log.jsonl", b'{"user": "u", "time": 1, "item": "i", "click": 1}\n{"user"\n')
    with pytest.raises(DataError, match=r'line 2: not valid JSON: \{"user"'):
        read_log(path, plain_features())


def test_recbole_events_may_be_left_out_and_descriptions_may_not(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path / "events", rows=[["ann", "10", "5", "1"], ["ann", "10"], ["bob", "11", "1", "2"]])
    reader = Reader(folder, keep_going=True)
    assert reader.rows("row, user_id, gender") == [(0, "ann", "F"), (1, "bob", "M")]
    assert reader.unreadable() == [("small.inter", 3, "expected 4 cells, found 2", "ann\t10")]
    folder = write_recbole(tmp_path / "users", user="user_id:token\tage:float\tgender:token\nann\t1\n")
    with pytest.raises(DataError, match=r"small.user: .*Columns: 3 Found: 2"):
        Reader(folder, keep_going=True)


def test_read_log_keeps_refusing_them(tmp_path: Path) -> None:
    """Whoever calls without a word gets an error, as ever."""
    log = LogColumns(user="user_id", time="timestamp", labels={"ctr": "rating >= 4"})
    with pytest.raises(DataError, match="Line: 3"):
        read_log(write_recbole(tmp_path, rows=[["ann", "10", "5", "1"], ["ann", "10"]]), features(log=log))
