"""Measure the table `event`: time span, users, ties, duplicates, labels, ids, and how often keys are new."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from bstkit.config.features import Features
from bstkit.data.description.database import one_row
from bstkit.data.description.event_table import described_ids
from bstkit.data.description.facts import IdFacts, LabelFacts, Lengths, Unseen
from bstkit.data.sql import identifier


def time_span(connection: duckdb.DuckDBPyConnection) -> tuple[str | None, str | None, int]:
    """Return the first and the last time, and how many events have none."""
    first, last, untimed = one_row(connection, 'SELECT min("time"), max("time"), count(*) - count("time") FROM event')
    return _date(first), _date(last), untimed


def _date(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat(sep=" ", timespec="seconds")
    except OverflowError:
        return f"{seconds:g} seconds since 1970"


def lengths(connection: duckdb.DuckDBPyConnection, counts: str) -> Lengths | None:
    """Describe how a count is distributed.

    Args:
        connection: the database.
        counts: SQL that yields one column `n`.
    """
    least, median, mean, p90, p99, most = one_row(
        connection,
        "SELECT min(n), quantile_disc(n, 0.5), avg(n), quantile_disc(n, 0.9), quantile_disc(n, 0.99), max(n) "
        f"FROM ({counts})",
    )
    return None if least is None else Lengths(least, median, mean, p90, p99, most)


USER_EVENTS = 'SELECT count(*) AS n FROM event WHERE "user" IS NOT NULL GROUP BY "user"'


def share(connection: duckdb.DuckDBPyConnection, condition: str, rows: str) -> float | None:
    """The share of rows for which a condition holds; None where there is no row."""
    value = one_row(connection, f"SELECT avg(CAST(({condition}) AS INTEGER)) FROM ({rows})")[0]
    return None if value is None else float(value)


def tied_share(connection: duckdb.DuckDBPyConnection) -> float | None:
    """The share of the events that share their second with another one of the same user."""
    value = one_row(
        connection,
        "SELECT sum(n) FILTER (WHERE n > 1) / sum(n) FROM (SELECT count(*) AS n FROM event "
        'WHERE "user" IS NOT NULL AND "time" IS NOT NULL GROUP BY "user", floor("time"))',
    )[0]
    any_event = one_row(connection, 'SELECT count(*) FROM event WHERE "user" IS NOT NULL AND "time" IS NOT NULL')[0]
    return float(value or 0.0) if any_event else None


def duplicate_rows(connection: duckdb.DuckDBPyConnection, item: str) -> int:
    """How many rows repeat the user, candidate and time of another one."""
    key = identifier(f"id:{item}")
    return int(
        one_row(
            connection,
            f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM event WHERE {key} IS NOT NULL "
            f'AND "user" IS NOT NULL AND "time" IS NOT NULL GROUP BY "user", "time", {key})',
        )[0]
    )


def label_facts(connection: duckdb.DuckDBPyConnection, features: Features) -> tuple[LabelFacts, ...]:
    """Each task's rate and missing labels."""
    found = []
    for task, condition in features.log.labels.items():
        column = identifier(f"label:{task}")
        rate, missing = one_row(connection, f"SELECT avg({column}), count(*) - count({column}) FROM event")
        found.append(LabelFacts(task, condition, rate, missing))
    return tuple(found)


def id_facts(connection: duckdb.DuckDBPyConnection, features: Features) -> tuple[IdFacts, ...]:
    """Each column of ids, the user's first."""
    return tuple(_id(connection, column, space) for column, space in described_ids(features).items())


def _id(connection: duckdb.DuckDBPyConnection, column: str, space: str) -> IdFacts:
    key = identifier(f"id:{column}")
    last = 'place = events AND events > 1 AND "user" IS NOT NULL'
    per_key = (
        f"SELECT {key} AS key, count(*) AS n, count(*) FILTER (WHERE late) AS late, "
        f"count(*) FILTER (WHERE {last}) AS final FROM event WHERE {key} IS NOT NULL GROUP BY 1"
    )
    keys, once, held, top, most, late, new_late, final, new_final = one_row(
        connection,
        "SELECT count(*), count(*) FILTER (WHERE n = 1), coalesce(sum(n), 0), arg_max(key, (n, key)), max(n), "
        "sum(late), sum(late) FILTER (WHERE late = n), sum(final), sum(final) FILTER (WHERE final = n) "
        f"FROM ({per_key})",
    )
    rows = one_row(connection, "SELECT count(*) FROM event")[0]
    return IdFacts(
        column=column,
        space=space,
        keys=keys,
        once=once,
        missing=rows - int(held),
        top_key="" if top is None else top,
        top_share=(most or 0) / max(1, int(held)),
        unseen=Unseen(_ratio(new_late, late), _ratio(new_final, final)),
    )


def _ratio(part: int | None, whole: int | None) -> float | None:
    return int(part or 0) / int(whole) if whole else None


def cold_users(connection: duckdb.DuckDBPyConnection) -> float | None:
    """The share of the users of the last 10 % of the events who have no earlier one."""
    return share(
        connection,
        "early = 0",
        'SELECT count(*) FILTER (WHERE NOT late) AS early FROM event WHERE "user" IS NOT NULL '
        'GROUP BY "user" HAVING count(*) FILTER (WHERE late) > 0',
    )


def bad_rows(connection: duckdb.DuckDBPyConnection, features: Features) -> int:
    """How many rows lack what every row needs: a user, a time, and the label where there is one task."""
    labels = [identifier(f"label:{task}") for task in features.log.labels]
    needed = ['"user"', '"time"', *(labels if len(labels) == 1 else [])]
    lacking = " OR ".join(f"{column} IS NULL" for column in needed)
    return int(one_row(connection, f"SELECT count(*) FROM event WHERE {lacking}")[0])
