"""The file of scores: CSV or Parquet, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.data.sql import identifier, literal
from bstkit.errors import RunError
from bstkit.staging import new_file

_ROWS = 50_000
"""Rows that are held before they go to the disk: DuckDB is slow at small pieces."""

Columns = Mapping[str, NDArray[Any]]


class ScoreFile:
    """Takes rows piece by piece; made by `new_score_file`.

    Attributes:
        rows: how many it has taken.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._held: list[Columns] = []
        self._labels: set[str] = set()
        self._stored = 0
        self.rows = 0

    def append(self, columns: Columns, labels: Columns) -> None:
        """Add rows; every call names the same columns.

        Args:
            columns: column -> values.
            labels: column -> 0, 1, or NaN, which is left empty.
        """
        self._held.append({**columns, **labels})
        self._labels = set(labels)
        self.rows += len(next(iter(columns.values())))
        if self.rows - self._stored >= _ROWS:
            self.store()

    def store(self) -> None:
        """Move what is held to the disk."""
        if not self._held:
            return
        piece = {name: np.concatenate([columns[name] for columns in self._held]) for name in self._held[0]}
        self._connection.register("piece", piece)
        what = "INSERT INTO scores" if self._stored else "CREATE TABLE scores AS"
        self._connection.execute(f"{what} SELECT {', '.join(map(self._selected, piece))} FROM piece")
        self._connection.unregister("piece")
        self._held.clear()
        self._stored = self.rows

    def _selected(self, name: str) -> str:
        column = identifier(name)
        if name not in self._labels:
            return column
        return f"CASE WHEN NOT isnan({column}) THEN CAST({column} AS TINYINT) END AS {column}"


@contextmanager
def new_score_file(path: Path) -> Iterator[ScoreFile]:
    """Give a file to add rows to, which appears when the block ends without an error.

    Rows wait in a database beside the file, so that memory stays bounded.

    Args:
        path: ends in `.csv` or `.parquet`.

    Raises:
        RunError: the file exists, or cannot be written.
    """
    form = "parquet" if path.suffix.lower() == ".parquet" else "csv, HEADER"
    with new_file(path) as staging:
        try:
            with duckdb.connect(staging / "rows.duckdb") as connection:
                file = ScoreFile(connection)
                yield file
                file.store()
                connection.execute(f"COPY scores TO {literal(staging / path.name)} (FORMAT {form})")
        except duckdb.IOException as error:
            raise RunError(f"cannot write {path}: {error}", "make room, or choose another place with --out") from error
