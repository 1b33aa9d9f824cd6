"""Choose a split that the log allows."""

from __future__ import annotations

import duckdb

from bstkit.data.description.database import one_row
from bstkit.data.description.draft import Draft
from bstkit.data.sql import identifier

CHOICES = (10, 5, 3, 2, 1)
_TIME = {"validation": 0.1, "test": 0.1}


def choose_split(connection: duckdb.DuckDBPyConnection, draft: Draft, tasks: list[str]) -> None:
    """Put `[split]` into a draft, judged by the table `event`.

    `leave_last` is the largest of a few numbers that half of the users can spare twice and still keep as many events
    for training; else the smallest that leaves every part of the split with what it needs. Where there is none, the
    split goes by time.
    """
    possible = possible_splits(connection, tasks)
    for number in possible:
        users, able = _users(connection, 4 * number)
        if 2 * able >= users:
            note = f"{able:,} of {users:,} users have {4 * number} events or more"
            draft.put("split", "leave_last", value=number, note=note)
            return
    if possible:
        number = possible[-1]
        users, able = _users(connection, 2 * number + 1)
        note = f"users are short: {able:,} of {users:,} have {2 * number + 1} events or more, the others only train"
        draft.put("split", "leave_last", value=number, note=note)
        return
    draft.put("split", "time", value=_TIME)
    draft.notes["split", "time"] = (
        "users have too few events to leave the last ones out: the last tenth is the test, the one before validation"
    )


def possible_splits(connection: duckdb.DuckDBPyConnection, tasks: list[str], also: int = CHOICES[0]) -> list[int]:
    """Which numbers may stand as `leave_last`: `also` and some smaller ones, the largest first."""
    numbers = [also, *(number for number in CHOICES if number < also)]
    return [number for number in numbers if _is_possible(connection, number, tasks)]


def _users(connection: duckdb.DuckDBPyConnection, events: int) -> tuple[int, int]:
    """How many users there are, and how many have so many events."""
    users, able = one_row(
        connection,
        f"SELECT count(*), count(*) FILTER (WHERE events >= {events}) FROM event "
        'WHERE place = 1 AND "user" IS NOT NULL',
    )
    return users, able


def _is_possible(connection: duckdb.DuckDBPyConnection, number: int, tasks: list[str]) -> bool:
    """Whether each part has rows, training both classes of each task, and the others its labels."""
    part = (
        f"CASE WHEN events < {2 * number} OR place <= events - {2 * number} THEN 0 "
        f"WHEN place <= events - {number} THEN 1 ELSE 2 END"
    )
    labels = [identifier(f"label:{task}") for task in tasks]
    figures = "".join(f", count({label}), count(DISTINCT {label})" for label in labels)
    parts = {
        split: values
        for split, *values in connection.execute(
            f'SELECT {part} AS split, count(*){figures} FROM event WHERE "user" IS NOT NULL GROUP BY 1'
        ).fetchall()
    }
    if set(parts) != {0, 1, 2}:
        return False
    return all(
        parts[split][1 + 2 * place] > 0 and (split > 0 or parts[0][2 + 2 * place] == 2)
        for split in parts
        for place in range(len(labels))
    )
