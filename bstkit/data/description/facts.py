"""What is said about a log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ColumnFacts:
    """One column of the log, as it stands there.

    Args:
        name: the column.
        type: DuckDB's name of its type; texts of a CSV file are `VARCHAR`.
        missing: rows where it is empty.
        distinct: different values, an estimate good to a few percent.
        numbers: rows where it is a finite number.
        whole: rows where it is a whole number.
        nans: rows where it is NaN.
        texts: rows where it is anything else.
        low, high, mean: of the numbers; None where there is none.
        dates: rows where it is a date and no number.
        longest: characters of its longest value.
        separated: separator -> rows whose value holds it.
        example: its first value.
    """

    name: str
    type: str
    missing: int
    distinct: int
    numbers: int
    whole: int
    nans: int
    texts: int
    low: float | None
    high: float | None
    mean: float | None
    dates: int
    longest: int
    separated: dict[str, int]
    example: str

    @property
    def is_list(self) -> bool:
        """Whether it holds lists."""
        return self.type.endswith("]")

    @property
    def is_nested(self) -> bool:
        """Whether it holds objects, which no feature can read."""
        return self.type.startswith(("STRUCT", "MAP", "UNION", "JSON")) or "STRUCT" in self.type


@dataclass(frozen=True)
class Lengths:
    """How a count is distributed: events per user, or steps per row."""

    least: int
    median: int
    mean: float
    p90: int
    p99: int
    most: int


@dataclass(frozen=True)
class Unseen:
    """How often keys come up that were not there before.

    Args:
        last_tenth: among the last 10 % of the events by time (ties by row), the share whose key none of the first 90 %
            has. None where no event there has a key.
        last_of_user: among the last events of users with several, the share whose key no other event has: none that is
            not the last of such a user.
    """

    last_tenth: float | None
    last_of_user: float | None


@dataclass(frozen=True)
class IdFacts:
    """One column of ids.

    Args:
        column: the column.
        space: its id space.
        keys: different keys.
        once: keys that stand in one row only.
        missing: rows without a key.
        top_key, top_share: the most frequent key, and its share of the rows that have one.
        unseen: how often its keys are new.
    """

    column: str
    space: str
    keys: int
    once: int
    missing: int
    top_key: str
    top_share: float
    unseen: Unseen


@dataclass(frozen=True)
class LabelFacts:
    """One task: its condition, the share of its labels that are positive, rows without a label."""

    task: str
    condition: str
    rate: float | None
    missing: int


@dataclass(frozen=True)
class LogDescription:
    """Everything that is said about a log.

    Args:
        origin: what was read.
        rows: number of events.
        unreadable: lines of the log that could not be read; nothing else counts them.
        first, last: the time span, in UTC, ISO 8601; None where no time could be read.
        time_unit: what numbers in the time column count: `"s"`, `"ms"` or `"us"`.
        untimed: rows whose time is missing or unreadable.
        users: different users; None without a user column.
        user_events: events per user.
        single_event_users: share of the users with one event.
        cold_users: share of the users of the last 10 % of the events who have no event among the first 90 %.
        tied: share of the events that share their second with another one of the same user.
        duplicates: rows that repeat another one's user, candidate and time.
        labels: the tasks.
        ids: the columns of ids, the user's first.
        row_lengths: history that stands in the row -> its steps per row.
        columns: every column of the log.
        roles: where the columns' meaning comes from.
        warnings: what a person should look at.
        proposal: a features.toml.
    """

    origin: str
    rows: int
    unreadable: int
    first: str | None
    last: str | None
    time_unit: str
    untimed: int
    users: int | None
    user_events: Lengths | None
    single_event_users: float | None
    cold_users: float | None
    tied: float | None
    duplicates: int | None
    labels: tuple[LabelFacts, ...]
    ids: tuple[IdFacts, ...]
    row_lengths: dict[str, Lengths]
    columns: tuple[ColumnFacts, ...]
    roles: str
    warnings: tuple[str, ...]
    proposal: str

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)
