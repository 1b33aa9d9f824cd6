"""Keys of [history] that belong to one source, or to steps with a time."""

import pytest

from bstkit.config.features_file import features_from_toml
from bstkit.errors import ConfigError

TEXT = """
[spaces]
item = { dim = 4 }
[log]
user = "user_id"
time = "timestamp"
labels = { ctr = "click" }
[columns]
first_flag = { first_of = "flags" }
[target]
item_id = "item"
[history.seen]
fields = { seen_items = "item" }
max_length = 5
"""
ROW = TEXT + 'source = "row"\n'
TIMED = ROW + 'time = "seen_times"\n'


def test_row_history_may_say_everything_about_its_steps():
    text = TIMED + 'padding = "0"\nmask_column = "seen_mask"\nnewest_first = true\nweight = "w"\nmax_age_s = 60\n'
    history = features_from_toml(text + "session_gap_s = 5\nmax_sessions = 2\nsession_length = 3\n").history["seen"]
    assert (history.time, history.padding, history.mask_column) == ("seen_times", "0", "seen_mask")
    assert (history.max_age_s, history.session_gap_s, history.max_sessions) == (60, 5, 2)


def test_history_of_events_may_have_an_age():
    assert features_from_toml(TEXT + "max_age_s = 3600\n").history["seen"].max_age_s == 3600


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (TEXT + 'padding = "0"', "history.seen.padding: belongs to source = 'row'", 'source = "row"'),
        (TEXT + 'mask_column = "m"', "history.seen.mask_column: belongs to source = 'row'", 'source = "row"'),
        (TEXT + 'time = "t"', "history.seen.time: belongs to source = 'row'", 'source = "row"'),
        (TEXT + "newest_first = true", "history.seen.newest_first: belongs to source = 'row'", 'source = "row"'),
        (TIMED + 'events = "positive"', "history.seen.events: belongs to source = 'events'", 'source = "events"'),
        (TIMED + 'negatives = "uniform"', "history.seen.negatives: belongs to source = 'events'", "take it out"),
        (ROW + "max_age_s = 60", "history.seen.max_age_s: needs the time of steps", "time ="),
        (ROW + "session_gap_s = 60", "history.seen.session_gap_s: needs the time of steps", "time ="),
        (ROW + "max_sessions = 6", "history.seen.max_sessions: needs the time of steps", "time ="),
        (ROW + "session_length = 6", "history.seen.session_length: needs the time of steps", "time ="),
        (TIMED + "session_length = 6", "history.seen.session_length: belongs to session_gap_s", "session_gap_s = 1800"),
        (ROW + 'mask_column = "first_flag"', "history.seen.mask_column: column 'first_flag' keeps", "name 'flags'"),
        (ROW + 'time = "first_flag"', "history.seen.time: column 'first_flag' keeps the first word", "name 'flags'"),
        (ROW + 'mask_column = "click"', "log.labels.ctr: column 'click' is an input too", ""),
        (ROW + 'time = "click"', "log.labels.ctr: column 'click' is an input too", ""),
    ],
)
def test_key_that_does_not_fit_is_refused(text, says, hint):
    with pytest.raises(ConfigError) as caught:
        features_from_toml(text)
    assert says in caught.value.message
    assert hint in caught.value.hint
