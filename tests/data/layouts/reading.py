"""Reading a source as a test does, and writing logs in every format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bstkit.data.layouts import Source, open_source

Rows = Sequence[Mapping[str, Any]]


class Reader:
    """A source and what it yields, read with two threads."""

    def __init__(self, path: Path, keep_going: bool = False) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 2")
        self.source: Source = open_source(self.connection, path, keep_going=keep_going)
        self.connection.execute(f"CREATE TABLE source AS SELECT * FROM ({self.source.query})")

    def rows(self, columns: str = "*") -> list[tuple[Any, ...]]:
        """Columns in the order of the log."""
        return self.connection.execute(f"SELECT {columns} FROM source ORDER BY row").fetchall()

    def unreadable(self) -> list[tuple[Any, ...]]:
        """Name of the file, line, reason and text of what was left out."""
        assert self.source.unreadable is not None
        relation = self.connection.sql(self.source.unreadable)
        assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
            ("file", "VARCHAR"),
            ("line", "BIGINT"),
            ("reason", "VARCHAR"),
            ("text", "VARCHAR"),
        ]
        found = sorted(relation.fetchall())
        return [(Path(file).name, *rest) for file, *rest in found]


def write_log(path: Path, rows: Rows) -> Path:
    """Write rows in the format and the compression that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(rows[0]) if rows else ["user", "item"]
    if path.suffix == ".parquet":
        schema = pa.schema([(name, pa.string()) for name in names])
        pq.write_table(pa.Table.from_pylist(list(rows), schema), path, row_group_size=20_000)
        return path
    if ".csv" in path.name or ".tsv" in path.name:
        separator = "," if ".csv" in path.name else "\t"
        lines = [separator.join(str(cell) for cell in line) for line in (names, *(row.values() for row in rows))]
    else:
        lines = [json.dumps(row) for row in rows]
    return write_bytes(path, "".join(line + "\n" for line in lines).encode())


def write_bytes(path: Path, data: bytes) -> Path:
    """Write bytes, compressed as the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zst":
        data = pa.Codec("zstd").compress(data, asbytes=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
