"""[split] and hashed spaces: what may stand beside what."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bstkit.config.features_file import features_from_toml, features_to_toml
from bstkit.config.split_checks import is_share, moment_seconds
from bstkit.errors import ConfigError

TEXT = """
[log]
user = "user_id"
time = "timestamp"
labels = { ctr = "click", cvr = "rating >= 4" }
[columns]
brand = { first_of = "brands" }
[target]
item_id = "item"
brand = "item"
[history.hist]
fields = { item_id = "item" }
max_length = 5
[spaces]
item = { dim = 4 }
"""


def hashed(space: str) -> str:
    return TEXT.replace("{ dim = 4 }", f"{{ dim = 4, {space} }}")


def split(text: str) -> str:
    return f"{TEXT}[split]\n{text}\n"


@pytest.mark.parametrize(
    "text",
    [
        split("leave_last = 2"),
        split("time = { validation = 0.1, test = 0.2 }"),
        split("time = { validation = 1700000000, test = 1700000001.5 }"),
        split("time = { validation = 2024-05-01, test = 2024-05-01T00:00:01 }"),
        split("time = { validation = 2024-05-01T00:00:00+02:00, test = 2024-05-01 }"),
        split("user = { validation = 0.4, test = 0.5 }"),
        split('column = "part"'),
        hashed("hash_buckets = 100"),
        hashed("hash_buckets = 100, rows = 102"),
        hashed("min_count = 2, max_size = 9"),
        TEXT.replace('labels = { ctr = "click", cvr = "rating >= 4" }', "") + "[sampling]\n",
    ],
)
def test_features_that_fit_are_read_and_written_back(text):
    features = features_from_toml(text)
    assert features_from_toml(features_to_toml(features)) == features


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (split('leave_last = 2\ncolumn = "part"'), "split.column: a log is split in one way, and leave_last says one"),
        (split('column = "part"\nuser = { validation = 0.1, test = 0.1 }'), "split.column: a log is split in one way"),
        (split("user = { validation = 0.5, test = 0.5 }"), "split.user: leaves no user for training"),
        (split("user = { validation = 0.0, test = 0.5 }"), "split.user.validation: must be greater than 0"),
        (split("time = { validation = 0.5, test = 0.5 }"), "split.time: leaves no event for training"),
        (split("time = { validation = 0.0, test = 0.5 }"), "split.time: holds a share that is not above 0"),
        (split("time = { validation = 0.1, test = 1700000000 }"), "split.time: mixes a share of the events with"),
        (split("time = { validation = 2024-05-01, test = 0.1 }"), "split.time: mixes a share of the events with"),
        (split("time = { validation = 20, test = 20 }"), "split.time.test: must be later than validation"),
        (split("time = { validation = 2024-05-02, test = 2024-05-01 }"), "split.time.test: must be later"),
        (split('time = { validation = "soon", test = 0.1 }'), "split.time.validation"),
        (split('column = "item_id"'), "split.column: column 'item_id' is an input too"),
        (split('column = "brands"'), "split.column: column 'brands' is an input too"),
        (split('column = "click"'), "split.column: column 'click' is the label of task 'ctr' too"),
        (split('column = "rating"'), "split.column: column 'rating' is the label of task 'cvr' too"),
        (hashed("hash_buckets = 9, min_count = 2"), "spaces.item.min_count: cuts a vocabulary"),
        (hashed("hash_buckets = 9, max_size = 2"), "spaces.item.max_size: cuts a vocabulary"),
        (hashed("hash_buckets = 9, rows = 9"), "spaces.item.rows: is 9, and 9 hash_buckets make 11"),
    ],
)
def test_what_does_not_fit_is_refused(text, says):
    with pytest.raises(ConfigError) as caught:
        features_from_toml(text)
    assert says in caught.value.message
    assert caught.value.hint


def test_moments_are_seconds_of_utc_unless_they_say_otherwise():
    assert moment_seconds(5) == 5.0
    assert moment_seconds(date(1970, 1, 2)) == 86400.0
    assert moment_seconds(datetime(1970, 1, 1, 0, 1)) == 60.0
    assert moment_seconds(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 60.0
    assert moment_seconds(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0.0


def test_shares_are_numbers_below_one():
    assert [is_share(value) for value in (0.1, 1, 1.7e9, date(2024, 5, 1))] == [True, False, False, False]
