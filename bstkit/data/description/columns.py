"""Look at every column of a log once, without knowing what it means."""

from __future__ import annotations

import duckdb

from bstkit.data.description.database import one_row
from bstkit.data.description.facts import ColumnFacts
from bstkit.data.sql import identifier, literal

SEPARATORS = ("|", ";", "^", ",", " ")
"""What may stand between the values of a delimited text; the rarer ones in ordinary text come first."""

_FIGURES = 12


def column_facts(connection: duckdb.DuckDBPyConnection) -> tuple[ColumnFacts, ...]:
    """Profile every column of the table `source` in one pass."""
    described = [(str(row[0]), str(row[1])) for row in connection.execute("DESCRIBE source").fetchall()]
    columns = [(name, kind) for name, kind in described if name != "row"]
    places = range(len(columns))
    texts = ", ".join(f"{_text(name, kind)} AS t{place}" for place, (name, kind) in enumerate(columns))
    numbers = ", ".join(f"TRY_CAST(t{place} AS DOUBLE) AS n{place}" for place in places)
    selected = ", ".join(figure for place in places for figure in _figures(f"t{place}", f"n{place}"))
    values = one_row(connection, f"SELECT {selected} FROM (SELECT *, {numbers} FROM (SELECT row, {texts} FROM source))")
    width = _FIGURES + len(SEPARATORS)
    return tuple(
        _facts(name, kind, values[place * width : (place + 1) * width]) for place, (name, kind) in enumerate(columns)
    )


def _text(name: str, kind: str) -> str:
    """SQL of a value as text, NULL where it is empty."""
    text = f"nullif(CAST({identifier(name)} AS VARCHAR), '')"
    return f"CASE WHEN len({identifier(name)}) > 0 THEN {text} END" if kind.endswith("]") else text


def _figures(text: str, number: str) -> list[str]:
    """SQL of what `_facts` takes apart. Only what may be a date is tried as one, which takes long."""
    finite = f"CASE WHEN isfinite({number}) THEN {number} END"
    may_be_date = f"{number} IS NULL AND length({text}) BETWEEN 8 AND 35 AND ascii({text}) BETWEEN 48 AND 57"
    return [
        f"count(*) - count({text})",
        f"approx_count_distinct({text})",
        f"count({finite})",
        f"count(*) FILTER (WHERE {finite} = floor({finite}))",
        f"count(*) FILTER (WHERE isnan({number}))",
        f"count(*) FILTER (WHERE {text} IS NOT NULL AND ({number} IS NULL OR isinf({number})))",
        f"min({finite})",
        f"max({finite})",
        f"avg({finite})",
        f"count(CASE WHEN {may_be_date} THEN TRY_CAST({text} AS TIMESTAMPTZ) END)",
        f"max(length({text}))",
        f"arg_min(left({text}, 40), row) FILTER (WHERE {text} IS NOT NULL)",
        *(f"count(*) FILTER (WHERE contains(trim({text}), {literal(separator)}))" for separator in SEPARATORS),
    ]


def _facts(name: str, kind: str, values: tuple[object, ...]) -> ColumnFacts:
    missing, distinct, numbers, whole, nans, texts, low, high, mean, dates, longest, example = values[:_FIGURES]
    counts = dict(zip(SEPARATORS, values[_FIGURES:], strict=True))
    return ColumnFacts(
        name=name,
        type=kind,
        missing=_int(missing),
        distinct=_int(distinct),
        numbers=_int(numbers),
        whole=_int(whole),
        nans=_int(nans),
        texts=_int(texts),
        low=_float(low),
        high=_float(high),
        mean=_float(mean),
        dates=_int(dates),
        longest=_int(longest),
        separated={separator: _int(count) for separator, count in counts.items() if count},
        example="" if example is None else str(example),
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
