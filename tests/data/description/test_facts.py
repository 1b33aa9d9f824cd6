"""Every fact, by hand on a log of twenty events."""

from pathlib import Path

import duckdb
import pytest

from bstkit.config.features import Split
from bstkit.config.features_file import features_from_toml
from bstkit.data.description import describe_log
from bstkit.data.description.database import described_table
from bstkit.data.description.facts import Lengths, Unseen
from bstkit.errors import DataError
from tests.data.description import logs

HEADER = ["user", "item", "time", "click"]
START = 1_700_000_000


def write(tmp_path, rows, header=HEADER):
    return logs.write_csv(tmp_path / "log.csv", header, rows)


@pytest.fixture
def twenty(tmp_path):
    """Nine events of ann, nine of bob, then one of cleo and one more of bob, on items that nobody had."""
    rows = [["ann", f"i{n % 3}", START + n, n % 2] for n in range(9)]
    rows += [["bob", f"i{n % 3}", START + 100 + n, 0] for n in range(9)]
    rows += [["cleo", "new", START + 200, 1], ["bob", "i0", START + 201, 1]]
    return write(tmp_path, rows)


def test_counts_span_and_labels(twenty):
    log = describe_log(twenty)
    assert (log.rows, log.users, log.untimed, log.duplicates) == (20, 3, 0, 0)
    assert (log.first, log.last) == ("2023-11-14 22:13:20", "2023-11-14 22:16:41")
    assert [(one.task, one.condition, one.rate, one.missing) for one in log.labels] == [("ctr", "click", 0.3, 0)]


def test_events_per_user(twenty):
    log = describe_log(twenty)
    assert log.user_events == Lengths(least=1, median=9, mean=20 / 3, p90=10, p99=10, most=10)
    assert log.single_event_users == pytest.approx(1 / 3)


def test_new_keys_and_cold_users(twenty):
    log = describe_log(twenty)  # the last tenth: cleo on "new", bob on i0; the last events: ann on i2, bob on i0
    user, item = log.ids
    assert (item.column, item.keys, item.once, item.missing, item.top_key) == ("item", 4, 1, 0, "i0")
    assert item.top_share == pytest.approx(7 / 20)
    assert item.unseen == Unseen(last_tenth=0.5, last_of_user=0.0)
    assert user.unseen == Unseen(last_tenth=0.5, last_of_user=0.0)
    assert log.cold_users == 0.5


def test_last_event_on_a_new_item_is_new(tmp_path):
    rows = [["ann", "a", 1, 0], ["ann", "z", 2, 1], ["bob", "a", 3, 0], ["bob", "b", 4, 1], ["cleo", "b", 5, 0]]
    item = describe_log(write(tmp_path, [[u, i, START + t, c] for u, i, t, c in rows])).ids[1]
    assert item.unseen.last_of_user == 0.5  # ann's; cleo's only event is an earlier one of b


def test_ties_and_duplicates(tmp_path):
    rows = [["ann", "a", 1, 0], ["ann", "b", 1, 1], ["ann", "b", 1, 1], ["bob", "a", 1, 0], ["bob", "a", 2, 0]]
    log = describe_log(write(tmp_path, [[u, i, START + t, c] for u, i, t, c in rows]))
    assert (log.tied, log.duplicates) == (3 / 5, 1)


def test_fractions_of_a_second_share_it(tmp_path):
    rows = [["ann", f"i{n}", START * 1000 + 100 * n, n % 2] for n in range(20)]
    log = describe_log(write(tmp_path, rows))
    assert (log.time_unit, log.tied, log.duplicates) == ("ms", 1.0, 0)


def test_missing_values_are_counted_per_column(tmp_path):
    rows = [["ann", "" if n < 3 else "a", START + n, n % 2] for n in range(10)]
    columns = {one.name: one for one in describe_log(write(tmp_path, rows)).columns}
    assert [columns[name].missing for name in HEADER] == [0, 3, 0, 0]


def test_times_in_another_unit_than_the_features_say_are_a_warning(tmp_path):
    log = write(tmp_path, [["ann", f"i{n % 3}", START * 1000 + n, n % 2] for n in range(20)])
    features = features_from_toml(describe_log(log).proposal.replace('time_unit = "ms"', 'time_unit = "s"'))
    assert any("milliseconds" in warning for warning in describe_log(log, features).warnings)


def test_mixed_units_are_a_warning(tmp_path):
    rows = [["ann", f"i{n % 3}", (START + n) * (1000 if n % 2 else 1), n % 2] for n in range(20)]
    assert any("mixed" in warning for warning in describe_log(write(tmp_path, rows)).warnings)


@pytest.mark.parametrize(
    ("leave_last", "said"), [(9, "leave_last = 3 would do"), (4, "leave_last = 3 would do"), (3, None)]
)
def test_split_that_the_log_does_not_allow_is_a_warning(tmp_path, leave_last, said):
    rows = [[f"u{user}", f"i{n % 3}", START + n, n % 2] for user in range(3) for n in range(9)]
    log = write(tmp_path, rows)
    features = features_from_toml(describe_log(log).proposal)
    features = features.model_copy(update={"split": Split(leave_last=leave_last)})
    warned = [warning for warning in describe_log(log, features).warnings if "leave_last" in warning]
    assert [said in warning for warning in warned] == ([True] if said else [])


def test_embedded_log_is_described_by_its_own_features():
    log = describe_log(None)
    assert (log.users, log.rows) == (1000, 47878)
    assert log.roles == "the features.toml that goes with this log"
    assert features_from_toml(log.proposal).context["age"].space == "age"


def test_features_that_name_an_absent_column_are_refused(twenty):
    features = features_from_toml(describe_log(twenty).proposal.replace('"click"', '"klick"'))
    with pytest.raises(DataError, match="no column 'klick'") as caught:
        describe_log(twenty, features)
    assert "click" in caught.value.hint


@pytest.mark.parametrize("text", ["user,item,time,click\n", ""], ids=["header_only", "nothing"])
def test_empty_log_is_refused(tmp_path, text):
    log = tmp_path / "log.csv"
    log.write_text(text)
    with pytest.raises(DataError):
        describe_log(log)


def test_nothing_is_left_behind(twenty, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    describe_log(twenty)
    assert list(scratch.iterdir()) == []


def test_a_log_larger_than_memory_is_described_on_disk(tmp_path):
    log = tmp_path / "log.parquet"
    text = "md5(CAST(range AS VARCHAR)) || md5(CAST(range + 1 AS VARCHAR))"
    duckdb.connect().execute(
        f"""COPY (SELECT 'user-' || range % 4000 AS user_id, 'item-' || range % 999 AS item_id,
        1700000000 + range AS time, range % 2 AS click, {text} || {text} AS note FROM range(200000)) TO '{log}'"""
    )
    described = describe_log(log, memory_limit="48MB")  # the texts alone are 26 MB
    assert (described.rows, described.users, described.ids[1].keys) == (200_000, 4_000, 999)


def test_database_has_a_limit_and_spills_into_its_own_folder(twenty):
    with described_table(twenty, 0, "48MiB") as (connection, _, _):
        settings = "SELECT current_setting('memory_limit'), current_setting('temp_directory'), current_database()"
        limit, spill, database = connection.execute(settings).fetchone()
        assert (limit, Path(spill).parents[1].name[:16], database) == ("48.0 MiB", "bstkit-describe-", "work")


def test_limit_that_is_no_size_or_too_small_is_one_error(twenty):
    with pytest.raises(DataError, match="no amount of memory"):
        describe_log(twenty, memory_limit="much")
    with pytest.raises(DataError) as caught:
        describe_log(twenty, memory_limit="1MB")
    assert "--memory-limit" in caught.value.hint
