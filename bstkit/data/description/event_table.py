"""The log's events with what features.toml says about their columns, as the table `event`."""

from __future__ import annotations

import duckdb

from bstkit.config.features import Features
from bstkit.data.label_rule import LabelRule
from bstkit.data.needed_columns import id_columns, label_rules
from bstkit.data.sql import identifier

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def text_sql(features: Features, column: str) -> str:
    """SQL of a column as text, NULL where it is empty; a derived one is made from its source."""
    if column in features.columns:
        words = f"trim(CAST({identifier(features.columns[column].first_of)} AS VARCHAR))"
        return f"nullif(split_part({words}, ' ', 1), '')"
    return f"nullif(CAST({identifier(column)} AS VARCHAR), '')"


def seconds_sql(text: str, unit: str) -> str:
    """SQL of a time in seconds since 1970, NULL where it is none."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({number}) THEN {number} / {_PER_SECOND[unit]} END"
    return f"coalesce({finite}, epoch(TRY_CAST({text} AS TIMESTAMPTZ)))"


def label_sql(text: str, rule: LabelRule) -> str:
    """SQL of a label: 0, 1, or NULL where it is missing or unreadable."""
    if rule.operator is not None:
        number = f"TRY_CAST({text} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN CAST({number} {rule.operator} {rule.number!r} AS INTEGER) END"
    truth = f"CASE lower({text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE TRY_CAST({text} AS DOUBLE) END"
    return f"CASE WHEN ({truth}) IN (0, 1) THEN CAST(({truth}) AS INTEGER) END"


def described_ids(features: Features) -> dict[str, str]:
    """Map each column of ids to its space, the user's first; `""` where its space is none of the file's."""
    ids = id_columns(features)
    user = features.log.user
    return {user: ids.get(user, "")} | ids


def make_event_table(connection: duckdb.DuckDBPyConnection, features: Features, columns: set[str]) -> None:
    """Make the table `event` from `source`.

    It has `row`; `user`, `time` and a column `id:<column>` for each id, texts but the time, NULL where the log is empty
    or has no such column; `label:<task>`; `late`, whether the event is among the last 10 %, by time and row; `place`
    and `events`: its number among the user's events, and how many there are.
    """

    def text(column: str) -> str:
        read = features.columns[column].first_of if column in features.columns else column
        return text_sql(features, column) if read in columns else "CAST(NULL AS VARCHAR)"

    selected = [
        "row",
        f'{text(features.log.user)} AS "user"',
        f'{seconds_sql(text(features.log.time), features.log.time_unit)} AS "time"',
        *(f"{text(column)} AS {identifier(f'id:{column}')}" for column in described_ids(features)),
        *(
            f"{label_sql(text(rule.column), rule)} AS {identifier(f'label:{task}')}"
            for task, rule in label_rules(features).items()
        ),
    ]
    connection.execute(f"CREATE TABLE typed AS SELECT {', '.join(selected)} FROM source")
    connection.execute(
        """
        CREATE TABLE event AS
        SELECT typed.*, row_number() OVER (PARTITION BY "user" ORDER BY "time", row) AS place,
               count(*) OVER (PARTITION BY "user") AS events,
               coalesce(("time", row) >= (cut_time, cut_row), false) AS late
        FROM typed LEFT JOIN (
            SELECT "time" AS cut_time, row AS cut_row FROM typed WHERE "time" IS NOT NULL ORDER BY "time", row LIMIT 1
            OFFSET (SELECT CAST(ceil(0.9 * count("time")) AS BIGINT) FROM typed)
        ) AS cut ON true
        """
    )
    connection.execute("DROP TABLE typed")
