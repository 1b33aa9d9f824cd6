"""Files beside the events, which describe each user or each item once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.sql import identifier
from bstkit.errors import DataError


@dataclass(frozen=True)
class SideTable:
    """One such file.

    Args:
        file: where it lies.
        query: SQL that yields its key and its columns.
        columns: their names; the first is the key, which the events have too.
    """

    file: Path
    query: str
    columns: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key's name."""
        return self.columns[0]


def joined(
    connection: duckdb.DuckDBPyConnection, events: str, columns: tuple[str, ...], sides: list[SideTable]
) -> tuple[str, tuple[str, ...]]:
    """Join events with what describes their users and items; a key that is not described gives NULL.

    Args:
        connection: the database.
        events: SQL that yields `row` and some columns.
        columns: those columns; they come before columns of the same name in a side table.
        sides: the tables; an earlier one's column comes before a later one's.

    Returns:
        SQL that yields `row` and all columns, and their names.

    Raises:
        DataError: a table describes a key twice, or cannot be read: its lines are never left out.
    """
    owners = dict.fromkeys(columns, "events")
    joins = ""
    for number, side in enumerate(sides):
        _check_unique(connection, side)
        alias, key = f"side_{number}", identifier(side.key)
        joins += f" LEFT JOIN ({side.query}) AS {alias} ON events.{key} = {alias}.{key}"
        owners |= {name: alias for name in side.columns if name not in owners}
    selected = "".join(f", {owner}.{identifier(name)}" for name, owner in owners.items())
    return f"SELECT events.row{selected} FROM ({events}) AS events{joins}", tuple(owners)


def _check_unique(connection: duckdb.DuckDBPyConnection, side: SideTable) -> None:
    key = identifier(side.key)
    try:
        twice = connection.execute(
            f"SELECT {key} FROM ({side.query}) GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
    except duckdb.Error as error:
        raise unreadable(str(side.file), error) from error
    if twice is not None:
        raise DataError(f"{side.file} describes {twice[0]!r} more than once", "keep one row for each key")
