"""Logs that can be read: RecBole folders, CSV, Parquet, the embedded one."""

import gzip
from pathlib import Path

import duckdb
import pytest

from bstkit.config.features import ContextNumeric, LogColumns
from bstkit.data.checked.log import Log, read_log
from bstkit.data.feature_files import features_for
from tests.data.logs import ITEMS, events, features, plain_features, write_plain, write_recbole

PLAIN = [["u1", 5, "a", 1], ["u2", 3, "b", 0], ["u1", 4, "", 0]]


def rows(log: Log, columns: str) -> list[tuple[object, ...]]:
    """Columns of a log in the order of the file."""
    return log.connection.execute(f"SELECT {columns} FROM log ORDER BY row").fetchall()


def test_recbole_files_are_joined_in_the_order_of_the_events(tmp_path: Path) -> None:
    log = read_log(write_recbole(tmp_path / "small"), features())
    assert log.rows == 24
    assert log.origin == str(tmp_path / "small")
    given = events()
    expected = [
        (row, user, float(time), item, ITEMS[item].split()[0], float(float(rating) >= 4))
        for row, (user, item, rating, time) in enumerate(given)
    ]
    assert rows(log, 'row, "user", "time", "id:item_id", "id:cate_id", "label:ctr"') == expected
    assert rows(log, '"id:gender", "number:age"')[:3] == [("F", 20.0), ("M", 30.0), ("F", 40.0)]


def test_inter_file_itself_may_be_named(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path / "small")
    assert read_log(folder / "small.inter", features()).rows == 24


def test_key_that_is_not_described_becomes_null(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path, item="item_id:token\tclass:token_seq\n10\tDrama\n11\t\n")
    log = read_log(folder, features())
    by_item = dict(rows(log, '"id:item_id", "id:cate_id"'))
    assert by_item == {"10": "Drama", "11": None, "12": None, "13": None}


def test_side_files_may_be_absent_when_nothing_asks_for_them(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path, user=None, item=None)
    plain = plain_features().model_copy(
        update={
            "log": LogColumns(user="user_id", time="timestamp", labels={"ctr": "rating > 2"}),
            "target": {"item_id": "item"},
            "history": {"hist": plain_features().history["hist"].model_copy(update={"fields": {"item_id": "item"}})},
        }
    )
    assert read_log(folder, plain).rows == 24


def test_empty_id_is_null_and_csv_keeps_its_order(tmp_path: Path) -> None:
    log = read_log(write_plain(tmp_path / "log.csv", PLAIN), plain_features())
    assert rows(log, 'row, "user", "time", "id:item", "label:ctr"') == [
        (0, "u1", 5.0, "a", 1.0),
        (1, "u2", 3.0, "b", 0.0),
        (2, "u1", 4.0, None, 0.0),
    ]


@pytest.mark.parametrize("kind", ["csv.gz", "tsv", "parquet"])
def test_other_files_read_the_same(tmp_path: Path, kind: str) -> None:
    csv = write_plain(tmp_path / "log.csv", PLAIN)
    path = tmp_path / f"other.{kind}"
    if kind == "csv.gz":
        path.write_bytes(gzip.compress(csv.read_bytes()))
    elif kind == "tsv":
        path.write_text(csv.read_text().replace(",", "\t"))
    else:
        duckdb.sql(f"COPY (SELECT * FROM read_csv('{csv}')) TO '{path}' (FORMAT parquet)")
    columns = 'row, "user", "time", "id:item", "label:ctr"'
    assert rows(read_log(path, plain_features()), columns) == rows(read_log(csv, plain_features()), columns)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1970-01-02", 86400.0),
        ("1970-01-01 00:01:00", 60.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)
def test_times_are_seconds_or_dates(tmp_path: Path, written: str, seconds: float) -> None:
    path = write_plain(tmp_path / "log.csv", [["u", written, "a", 1], ["u", 5, "a", 0]])
    assert rows(read_log(path, plain_features()), '"time"')[0] == (seconds,)


def test_labels_may_be_booleans_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES ('u', TIMESTAMP '1970-01-01 00:00:07', 3, true), "
        f"('u', TIMESTAMP '1970-01-01', 4, false)) AS t(\"user\", time, item, click)) TO '{path}' (FORMAT parquet)"
    )
    found = rows(read_log(path, plain_features()), '"time", "id:item", "label:ctr"')
    assert found == [(7.0, "3", 1.0), (0.0, "4", 0.0)]


def test_missing_number_is_null_where_features_say_what_stands_for_it(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path, user="user_id:token\tage:float\nann\t\nbob\tnan\ncleo\t4\n")
    context = {"age": ContextNumeric(numeric="standardise", missing=0.0)}
    assert rows(read_log(folder, features(context=context)), '"number:age"')[:3] == [(None,), (None,), (4.0,)]


def test_embedded_log_is_read_without_a_path() -> None:
    log = read_log(None, features_for(None))
    assert log.origin == "the embedded click log"
    assert log.rows > 10_000
    assert rows(log, '"user", "id:gender", "label:ctr"')[0][0].startswith("u")


def test_large_file_keeps_its_order(tmp_path: Path) -> None:
    """Several threads read a file of several buffers; the place in the log is the tie-break, so it must not move."""
    path = tmp_path / "log.csv"
    lines = "".join(f"u,1,{number},{number % 2}\n" for number in range(400_000))
    path.write_text("user,time,item,click\n" + lines)
    log = read_log(path, plain_features())
    assert log.connection.execute('SELECT count(*) FROM log WHERE "id:item" <> CAST(row AS VARCHAR)').fetchone() == (0,)
