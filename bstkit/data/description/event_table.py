"""The log's events with what features.toml says about their columns, as the table `event`."""

from __future__ import annotations

import duckdb

from bstkit.config.features import Features
from bstkit.data.checked.log_values import label, seconds, text_of
from bstkit.data.checked.needed_columns import id_columns, label_rules
from bstkit.data.sql import identifier


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
        return text_of(features, column) if read in columns else "CAST(NULL AS VARCHAR)"

    time = f"({seconds(text(features.log.time), features.log.time_unit)})"
    selected = [
        "row",
        f'{text(features.log.user)} AS "user"',
        f'CASE WHEN isfinite({time}) THEN {time} END AS "time"',
        *(f"{text(column)} AS {identifier(f'id:{column}')}" for column in described_ids(features)),
        *(
            f"{label(text(rule.column), rule)} AS {identifier(f'label:{task}')}"
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
