"""From the checked log to columns on disk, in the order of user, time and place in the log.

Keys become codes first, numbers from 0 in the order of the keys; which id a key has is known only when the training
rows are.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bstkit.config.features import OOV_ID, Features
from bstkit.data.checked.needed_columns import id_columns, numeric_columns, row_histories
from bstkit.data.hashing import hash_sql
from bstkit.data.pieces import PIECE_ROWS
from bstkit.data.prepared.columns import ColumnStore, ColumnWriter
from bstkit.data.sql import identifier
from bstkit.progress import Advance

NO_KEY = -1
"""Code where the log has no key."""


@dataclass(frozen=True)
class KeyTables:
    """Tables with the column `key`, in the order of keys; a key's `rowid` is its code.

    Args:
        spaces: id space -> its table; hashed spaces have none.
        sizes: id space -> number of different keys.
    """

    spaces: dict[str, str]
    sizes: dict[str, int]


def number_keys(connection: duckdb.DuckDBPyConnection, features: Features) -> KeyTables:
    """Number the users (table `users`) and the keys of each id space that the log has keys of."""
    connection.execute('CREATE TABLE users AS SELECT DISTINCT "user" AS key FROM log ORDER BY key')
    spaces: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for number, (space, table) in enumerate(features.spaces.items()):
        sources = _keys_of(features, space)
        if not sources or table.hash_buckets is not None:
            continue
        spaces[space] = f"keys_{number}"
        found = " UNION ".join(f"SELECT {key} AS key FROM log" for key in sources)
        connection.execute(
            f"CREATE TABLE {spaces[space]} AS SELECT DISTINCT key FROM ({found}) WHERE key IS NOT NULL ORDER BY key"
        )
        sizes[space] = _count(connection, spaces[space])
    return KeyTables(spaces, sizes)


def write_events(
    connection: duckdb.DuckDBPyConnection,
    features: Features,
    keys: KeyTables,
    store: ColumnStore,
    rows: int,
    advance: Advance,
) -> None:
    """Write one column for each column of the log: `user`, `time`, `row`, `id:<column>`, `number:<column>`, ...

    Codes stand where ids will; `steps:<history>` counts the steps of histories that stand in the row.
    """
    dtypes: dict[str, Any] = {"row": np.int64, "user": np.int32, "time": np.float64}
    selected = ["log.row", "users.rowid", 'log."time"']
    for name in _floats(features):
        dtypes[name] = np.float32
        selected.append(f"CAST(coalesce(log.{identifier(name)}, 'nan') AS FLOAT)")
    if "given_split" in _columns(connection):
        dtypes["split"] = np.int8
        selected.append("log.given_split")
    for name, history in row_histories(features).items():
        dtypes[f"steps:{name}"] = np.int32
        selected.append(f"len(log.{identifier(f'values:{name}.{next(iter(history.fields))}')})")
    joins = ""
    for place, (column, space) in enumerate(id_columns(features).items()):
        dtypes[f"id:{column}"] = np.int32
        number, join = _number(features, keys, space, f"log.{identifier(f'id:{column}')}", f"k{place}")
        selected.append(number)
        joins += join
    named = ", ".join(f"{sql} AS {identifier(name)}" for sql, name in zip(selected, _names(dtypes), strict=True))
    query = (
        f'SELECT {named} FROM log JOIN users ON log."user" = users.key{joins} ORDER BY users.rowid, log."time", log.row'
    )
    _stream(connection, query, {name: store.writer(name, dtype) for name, dtype in dtypes.items()}, rows, advance)


def write_steps(
    connection: duckdb.DuckDBPyConnection,
    features: Features,
    keys: KeyTables,
    name: str,
    store: ColumnStore,
) -> None:
    """Write the steps of a history that stands in the row: `history.<name>.<column>` with codes, `.weight`, `.time`."""
    history = features.history[name]
    first = identifier(f"values:{name}.{next(iter(history.fields))}")
    inner = ['users.rowid AS "user"', 'log."time"', "log.row", f"unnest(range(len(log.{first}))) AS step"]
    outer: list[str] = []
    dtypes: dict[str, Any] = {}
    joins = ""
    for place, (column, space) in enumerate(history.fields.items()):
        inner.append(f"unnest(log.{identifier(f'values:{name}.{column}')}) AS key_{place}")
        number, join = _number(features, keys, space, f"key_{place}", f"k{place}")
        dtypes[f"history.{name}.{column}"] = np.int32
        outer.append(number)
        joins += join
    for kind, listed, dtype in (
        ("weight", "weights", np.float32),
        ("time", "times", np.float64),
    ):
        if getattr(history, kind) is not None:
            inner.append(f"unnest(log.{identifier(f'{listed}:{name}')}) AS step_{kind}")
            outer.append(f"step_{kind}")
            dtypes[f"history.{name}.{kind}"] = dtype
    named = ", ".join(f"{sql} AS {identifier(column)}" for sql, column in zip(outer, dtypes, strict=True))
    unnested = f'SELECT {", ".join(inner)} FROM log JOIN users ON log."user" = users.key'
    query = (
        f'SELECT {named} FROM ({unnested}) AS steps{joins} ORDER BY steps."user", steps."time", steps.row, steps.step'
    )
    _stream(connection, query, {column: store.writer(column, dtype) for column, dtype in dtypes.items()})


def _names(dtypes: dict[str, Any]) -> list[str]:
    return ["row", "user", "time", *(name for name in dtypes if name not in ("row", "user", "time"))]


def _stream(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    writers: dict[str, ColumnWriter],
    rows: int = 0,
    advance: Advance | None = None,
) -> None:
    """Write the columns of a result in the order of `writers`, some rows at a time."""
    done = 0
    with ExitStack() as opened:
        for writer in writers.values():
            opened.enter_context(writer)
        for batch in connection.sql(query).to_arrow_reader(PIECE_ROWS):
            for writer, column in zip(writers.values(), batch.columns, strict=True):
                writer.append(_array(column))
            done += batch.num_rows
            if advance is not None:
                advance(done / rows, f"{done:,} of {rows:,} rows")


def _array(column: pa.Array) -> NDArray[Any]:
    array: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return array


def _number(features: Features, keys: KeyTables, space: str, key: str, alias: str) -> tuple[str, str]:
    """SQL of a key's code, or of the id of a hashed one; and the join that it needs."""
    buckets = features.spaces[space].hash_buckets
    if buckets is not None:
        return f"coalesce({hash_sql(key, buckets)}, {OOV_ID})", ""
    return f"coalesce({alias}.rowid, {NO_KEY})", f" LEFT JOIN {keys.spaces[space]} AS {alias} ON {key} = {alias}.key"


def _floats(features: Features) -> list[str]:
    return [
        *(f"label:{task}" for task in features.tasks),
        *(f"number:{column}" for column in numeric_columns(features)),
        *(
            f"weight:{name}"
            for name, history in features.history.items()
            if history.source == "events" and history.weight is not None
        ),
    ]


def _keys_of(features: Features, space: str) -> list[str]:
    """SQL of every key of a space in the table `log`."""
    keys = [identifier(f"id:{column}") for column, used in id_columns(features).items() if used == space]
    return keys + [
        f"unnest({identifier(f'values:{name}.{column}')})"
        for name, history in row_histories(features).items()
        for column, used in history.fields.items()
        if used == space
    ]


def _columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {str(row[0]) for row in connection.execute("DESCRIBE log").fetchall()}


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)
