"""What must fit together in [split]."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from bstkit.config.features import Features, TimeSplit
from bstkit.config.problems import Finding

_WAYS = ("leave_last", "time", "user", "column")


def split_findings(features: Features) -> Iterator[Finding]:
    """List what does not fit together; whether the split's column is an input is not asked here."""
    split = features.split
    ways = [way for way in _WAYS if way in split.model_fields_set and getattr(split, way) is not None]
    for way in ways[1:]:
        yield f"split.{way}", f"a log is split in one way, and {ways[0]} says one", f"keep one of {', '.join(ways)}"
    if split.user is not None and split.user.validation + split.user.test >= 1:
        yield "split.user", "leaves no user for training: the shares add up to 1 or more", "take smaller shares"
    if split.time is not None:
        yield from _time(split.time)


def is_share(value: float | datetime | date) -> bool:
    """Whether a place in time is given as a share of all events, counted from the end, rather than as a moment."""
    return isinstance(value, (int, float)) and value < 1


def moment_seconds(value: float | datetime | date) -> float:
    """Seconds since 1970 of a moment; without a zone it is of UTC, as times in a log are."""
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()


def _time(time: TimeSplit) -> Iterator[Finding]:
    if is_share(time.validation) != is_share(time.test):
        hint = "write two shares, such as 0.1, or two moments"
        yield "split.time", "mixes a share of the events with a moment", hint
    elif is_share(time.validation):
        validation, test = moment_seconds(time.validation), moment_seconds(time.test)
        if not (validation > 0 and test > 0):
            yield "split.time", "holds a share that is not above 0", "validation = 0.1, test = 0.1"
        elif validation + test >= 1:
            yield "split.time", "leaves no event for training: the shares add up to 1 or more", "take smaller shares"
    elif not moment_seconds(time.validation) < moment_seconds(time.test):
        yield "split.time.test", "must be later than validation", "validation comes before the test"
