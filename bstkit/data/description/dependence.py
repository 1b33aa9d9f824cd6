"""Which columns follow from the user or the item: attributes of theirs, the same in each of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from bstkit.data.description.database import one_row
from bstkit.data.sql import identifier


@dataclass(frozen=True)
class Keyed:
    """A column of keys and what follows from it.

    Args:
        column: the column of keys; None where there is none.
        keys: different keys.
        decides: columns with one value a key.
    """

    column: str | None
    keys: int
    decides: frozenset[str]


def keyed_by(connection: duckdb.DuckDBPyConnection, key: str | None, columns: Sequence[str]) -> Keyed:
    """Find the columns of the table `source` that have one value for each key.

    Where most keys stand in one row only, everything would follow from them: nothing is then said to.
    """
    if key is None:
        return Keyed(None, 0, frozenset())
    texts = {name: f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in columns}
    each = "".join(f", min({text}) <> max({text}) AS b{place}" for place, text in enumerate(texts.values()))
    wrong = "".join(f", count(*) FILTER (WHERE b{place})" for place in range(len(texts)))
    keys, rows, *broken = one_row(
        connection,
        f"SELECT count(*), sum(n){wrong} FROM (SELECT count(*) AS n{each} FROM source "
        f"WHERE {identifier(key)} IS NOT NULL GROUP BY {identifier(key)})",
    )
    if not keys or rows < 2 * keys:
        return Keyed(key, keys, frozenset())
    return Keyed(key, keys, frozenset(name for name, count in zip(columns, broken, strict=True) if not count))
