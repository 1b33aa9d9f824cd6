"""Find columns that hold several values a row, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from bstkit.data.description.column_names import HISTORIES, NO_LISTS, plain
from bstkit.data.description.database import one_row
from bstkit.data.description.facts import ColumnFacts
from bstkit.data.sql import identifier, literal

_SAMPLE = 20_000
"""The log's first rows, which decide what a column with several values holds."""


@dataclass(frozen=True)
class RowList:
    """A column with several values a row.

    Args:
        name: the column.
        separator: what stands between the values of a text; None for lists.
        values: how many stand in the sampled rows.
        distinct: how many different ones.
        least, most: the shortest and longest row.
        numbers: values that are numbers.
        bits: values that are 0 or 1.
        low: the lowest number.
        zero_ends: rows that start or end with a `0`.
        overlap: column of keys -> share of the values, zeros left out, that are among its keys.
    """

    name: str
    separator: str | None
    values: int
    distinct: int
    least: int
    most: int
    numbers: int
    bits: int
    low: float | None
    zero_ends: int
    overlap: dict[str, float]

    @property
    def split(self) -> str:
        """SQL of the values as a list of texts."""
        return split_sql(self.name, self.separator)

    def partner(self) -> str | None:
        """The column of keys that its values are from: one that its name holds, else the one with most of them."""
        shared = [name for name, share in self.overlap.items() if share >= 0.5]
        own = plain(self.name)
        named = [name for name in shared if re.sub(r"(id|key|s)$", "", plain(name)) in own]
        return max(named or shared, key=lambda name: self.overlap[name], default=None)

    @property
    def is_named_history(self) -> bool:
        """Whether the name says that it holds what a user did."""
        return any(part in self.name.lower() for part in HISTORIES)


def split_sql(name: str, separator: str | None) -> str:
    """SQL of a column's values as a list of texts without empty ones."""
    if separator is None:
        return f"coalesce([x FOR x IN CAST({identifier(name)} AS VARCHAR[]) IF x <> ''], [])"
    words = f"string_split(trim(CAST({identifier(name)} AS VARCHAR)), {literal(separator)})"
    return f"coalesce([trim(x) FOR x IN {words} IF trim(x) <> ''], [])"


def find_row_lists(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnFacts], keys: Sequence[str]
) -> dict[str, RowList]:
    """List the columns that hold several values a row.

    Args:
        connection: with the table `source`.
        columns: those that mean nothing else yet.
        keys: columns of ids whose keys may stand in them.
    """
    found = {}
    for column in columns:
        if column.is_list and not column.is_nested:
            found[column.name] = _measure(connection, column.name, None, keys)
            continue
        for separator in column.separated if _may_be_delimited(column) else ():
            one = _measure(connection, column.name, separator, keys)
            if _is_delimited(connection, column, one):
                found[column.name] = one
                break
    return {name: one for name, one in found.items() if one.values}


def aligned(connection: duckdb.DuckDBPyConnection, first: RowList, second: RowList) -> bool:
    """Whether two columns hold equally many values in every row."""
    unequal = f"SELECT count(*) FROM source WHERE len({first.split}) <> len({second.split})"
    return not one_row(connection, unequal)[0]


def _may_be_delimited(column: ColumnFacts) -> bool:
    name = column.name.lower()
    free_text = any(part in name for part in NO_LISTS) and not any(part in name for part in HISTORIES)
    return column.type == "VARCHAR" and not free_text and not column.dates and not column.example.startswith(("[", "{"))


def _is_delimited(connection: duckdb.DuckDBPyConnection, column: ColumnFacts, one: RowList) -> bool:
    """Whether these are keys of another column, or few words that come up in many different values: no prose."""
    if one.partner() is not None or one.is_named_history or (one.numbers == one.values and one.separator != ","):
        return one.values > 0
    different = f"SELECT DISTINCT {one.split} AS list FROM source WHERE row < {_SAMPLE}"
    words = one_row(connection, f"SELECT coalesce(sum(len(list)), 0) FROM ({different})")[0]
    return bool(one.distinct <= 1_000 and words >= 3 * one.distinct)


def _measure(connection: duckdb.DuckDBPyConnection, name: str, separator: str | None, keys: Sequence[str]) -> RowList:
    others = [key for key in keys if key != name]
    sampled = f"SELECT {split_sql(name, separator)} AS list FROM source WHERE row < {_SAMPLE}"
    least, most, zero_ends = one_row(
        connection,
        "SELECT coalesce(min(len(list)), 0), coalesce(max(len(list)), 0), "
        f"count(*) FILTER (WHERE list[1] = '0' OR list[-1] = '0') FROM ({sampled})",
    )
    overlaps = ", ".join(
        f"count(*) FILTER (WHERE x IN (SELECT CAST({identifier(key)} AS VARCHAR) FROM source) AND x <> '0')"
        for key in others
    )
    figures = one_row(
        connection,
        "SELECT count(*), count(DISTINCT x), count(TRY_CAST(x AS DOUBLE)), "
        "count(*) FILTER (WHERE TRY_CAST(x AS DOUBLE) IN (0, 1)), min(TRY_CAST(x AS DOUBLE)), "
        f"count(*) FILTER (WHERE x <> '0') {',' + overlaps if overlaps else ''} "
        f"FROM (SELECT unnest(list) AS x FROM ({sampled}))",
    )
    values, distinct, numbers, bits, low, real, *shared = figures
    return RowList(
        name=name,
        separator=separator,
        values=values,
        distinct=distinct,
        least=least,
        most=most,
        numbers=numbers,
        bits=bits,
        low=low,
        zero_ends=zero_ends,
        overlap={key: count / max(1, real) for key, count in zip(others, shared, strict=True)},
    )
