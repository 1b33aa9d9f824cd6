"""Every format, as a file, a folder and a pattern, compressed and not."""

import itertools
import re
from pathlib import Path

import duckdb
import pytest

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts import FORMATS, LAYOUTS, open_source
from bstkit.errors import DataError
from tests.data.layouts.reading import Reader, Rows, write_bytes, write_log

SUFFIXES = [
    *(text + packed for text in (".csv", ".tsv", ".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst")),
    ".parquet",
]


def numbered(first: int, last: int) -> Rows:
    return [{"user": f"u{number % 7}", "item": f"i{number}"} for number in range(first, last)]


def expected(last: int) -> list[tuple[object, ...]]:
    return [(place, row["user"], row["item"]) for place, row in enumerate(numbered(0, last))]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_file_is_read(tmp_path: Path, suffix: str) -> None:
    reader = Reader(write_log(tmp_path / f"log{suffix}", numbered(0, 5)))
    assert reader.source.columns == ("user", "item")
    assert reader.source.files == (tmp_path / f"log{suffix}",)
    assert reader.source.unreadable is None
    assert reader.rows("row, user, item") == expected(5)


@pytest.mark.parametrize("pattern", [None, "part-*", "*"], ids=["folder", "pattern", "star"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_shards_are_read_in_the_order_of_their_names(tmp_path: Path, suffix: str, pattern: str | None) -> None:
    """Written in another order, among files that are no shards, some of them empty."""
    for number in (2, 0, 3, 1):
        write_log(tmp_path / f"part-{number}{suffix}", numbered(100 * number, 100 * number + 100))
    (tmp_path / f"part-00{suffix}").write_bytes(b"")
    for other in ("_SUCCESS", ".part-0.crc", "README.txt"):
        (tmp_path / other).write_text("not a shard")
    reader = Reader(tmp_path / pattern if pattern else tmp_path)
    assert [file.name[:6] for file in reader.source.files] == ["part-0", "part-1", "part-2", "part-3"]
    assert reader.rows("row, user, item") == expected(400)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_order_of_large_shards_is_kept_by_two_threads(tmp_path: Path, suffix: str) -> None:
    for number in (1, 0, 2):
        write_log(tmp_path / f"{number}{suffix}", numbered(60_000 * number, 60_000 * (number + 1)))
    reader = Reader(tmp_path)
    count = reader.connection.execute("SELECT count(*) FROM source WHERE item <> 'i' || row").fetchone()
    assert (count, len(reader.rows("row"))) == ((0,), 180_000)


def test_shards_may_be_compressed_each_in_its_way(tmp_path: Path) -> None:
    for number, packed in enumerate(("", ".gz", ".zst")):
        write_log(tmp_path / f"{number}.csv{packed}", numbered(10 * number, 10 * number + 10))
    assert Reader(tmp_path).rows("row, user, item") == expected(30)


@pytest.mark.parametrize("suffix", [".csv", ".tsv.gz", ".parquet"])
def test_shard_without_rows_counts_as_one(tmp_path: Path, suffix: str) -> None:
    write_log(tmp_path / f"a{suffix}", [])
    write_log(tmp_path / f"b{suffix}", numbered(0, 3))
    assert Reader(tmp_path).rows("row, user, item") == expected(3)


def test_pattern_goes_through_folders(tmp_path: Path) -> None:
    for number in (1, 0):
        write_log(tmp_path / f"day={number}" / "log.parquet", numbered(3 * number, 3 * number + 3))
    assert Reader(tmp_path / "**" / "*.parquet").rows("row, user, item") == expected(6)


def test_name_that_looks_like_a_pattern_is_taken_as_it_is(tmp_path: Path) -> None:
    for suffix in (".csv", ".jsonl", ".parquet"):
        write_log(tmp_path / f"log1{suffix}", numbered(50, 60))
        assert Reader(write_log(tmp_path / f"log[1]{suffix}", numbered(0, 4))).rows("row, user, item") == expected(4)


def test_csv_is_quoted_and_may_start_with_a_mark(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "log.csv", b'\xef\xbb\xbf"user",row,,"a ""b"""\r\nu,1,2,"x, ""y""\nz"\r\nv,,"",\r\n')
    reader = Reader(path)
    assert reader.source.columns == ("user", "column2", 'a "b"')
    assert reader.rows() == [(0, "u", "2", 'x, "y"\nz'), (1, "v", None, None)]


def test_json_values_become_texts_and_lists(tmp_path: Path) -> None:
    lines = [
        '{"a": 12345678901234567890123, "tags": ["x", 1, null, {"y": 2}], "b": true, "o": {"k": [1]}, "row": 9}',
        '{"a": "[x]", "tags": null, "b": null}',
        "",
        '{"new/~key": "\\u00e9\\n", "a": 1.5, "tags": []}',
    ]
    reader = Reader(write_bytes(tmp_path / "log.json", "\n".join(lines).encode()))
    assert reader.source.columns == ("a", "tags", "b", "o", "new/~key")
    assert reader.rows() == [
        (0, "12345678901234567890123", ["x", "1", None, '{"y":2}'], "true", '{"k":[1]}', None),
        (1, "[x]", None, None, None, None),
        (2, "1.5", [], None, None, "é\n"),
    ]


def test_parquet_keeps_its_types_and_widens_them(tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT 1::INT AS n, ['a'] AS tags, 5 AS row) TO '{tmp_path}/a.parquet' (FORMAT parquet)")
    duckdb.sql(
        f"COPY (SELECT 5000000000 AS n, ['b', 'c'] AS tags, 5 AS row) TO '{tmp_path}/b.parquet' (FORMAT parquet)"
    )
    assert Reader(tmp_path).rows() == [(0, 1, ["a"]), (1, 5_000_000_000, ["b", "c"])]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_id_of_a_million_characters_is_read(tmp_path: Path, suffix: str) -> None:
    rows = [{"user": "u", "item": "x"}, {"user": "y" * 10**6, "item": "z"}, {"user": "v", "item": "w"}]
    reader = Reader(write_log(tmp_path / f"log{suffix}", rows), keep_going=True)
    assert reader.rows("length(user), item") == [(1, "x"), (10**6, "z"), (1, "w")]
    if suffix != ".parquet":
        assert reader.unreadable() == []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("length", [3 * 10**6, 34 * 10**6], ids=["over the limit", "over a buffer"])
def test_longer_line_is_refused_or_left_out(tmp_path: Path, suffix: str, length: int) -> None:
    rows = [{"user": "u", "item": "x"}, {"user": "y" * length, "item": "z"}, {"user": "v", "item": "w"}]
    path = write_log(tmp_path / f"log{suffix}", rows)
    connection = duckdb.connect()
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(f"CREATE TABLE t AS {open_source(connection, path).query}")
    assert len(unreadable(str(path), caught.value).message) < 1000
    assert re.search("a line is too long|Maximum line size of", unreadable(str(path), caught.value).message)
    reader = Reader(path, keep_going=True)
    assert reader.rows("user") == [("u",), ("v",)]
    ((file, line, reason, text),) = reader.unreadable()
    assert (file, line, reason) == (path.name, 2 + (suffix == ".csv"), "longer than 2,000,000 bytes")
    assert len(text) == 200


def test_sources_may_share_a_connection(tmp_path: Path) -> None:
    """Each source lists its own lines."""
    connection = duckdb.connect()
    sources = [
        open_source(connection, write_bytes(tmp_path / f"{name}.csv", b"a,b\n1,2\n" + b"x\n" * number), keep_going=True)
        for number, name in ((1, "one"), (3, "three"))
    ]
    for source in sources:
        connection.execute(f"CREATE OR REPLACE TABLE t AS {source.query}")
    listed = [connection.execute(f"SELECT count(*) FROM ({source.unreadable})").fetchone() for source in sources]
    assert listed == [(1,), (3,)]


def test_last_run_of_a_query_counts(tmp_path: Path) -> None:
    reader = Reader(write_bytes(tmp_path / "log.csv", b"a,b\n1,2\nx\n"), keep_going=True)
    reader.connection.execute(f"CREATE TABLE again AS {reader.source.query}")
    assert reader.unreadable() == [("log.csv", 3, "expected 2 cells, found 1", "x")]


def test_names_of_layouts_differ() -> None:
    names = [layout.name for layout in itertools.chain(LAYOUTS, FORMATS)]
    assert len(set(names)) == len(names)


def test_order_is_asked_of_the_database(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    open_source(connection, write_log(tmp_path / "log.csv", numbered(0, 1)))
    assert connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone() == (True,)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_shards_without_any_bytes_are_refused(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}{suffix}").write_bytes(b"")
    with pytest.raises(DataError, match="all of its 2 files are empty"):
        Reader(tmp_path)
    with pytest.raises(DataError, match="it is empty, without even a header"):
        Reader(tmp_path / f"a{suffix}")
