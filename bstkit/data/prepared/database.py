"""A database that works on disk within a stated amount of memory."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bstkit.data.checked.log_errors import out_of_memory
from bstkit.data.sql import literal
from bstkit.errors import DataError

MEMORY_LIMIT = "1GB"
"""What DuckDB may hold before it spills to disk. It counts its buffers, not all that it allocates."""

_SIZE = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


@contextmanager
def working_database(
    folder: Path, memory_limit: str = MEMORY_LIMIT, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in a new folder, which is gone afterwards.

    Args:
        folder: what it and its spilled data are written to.
        memory_limit: such as `"1GB"`.
        threads: defaults to one a core.

    Raises:
        DataError: the limit is no size, too small for the work, or the disk is full.
    """
    if not _SIZE.fullmatch(memory_limit.strip()):
        raise DataError(f"{memory_limit!r} is no amount of memory", "write it like 1GB or 500MB")
    folder.mkdir()
    try:
        with duckdb.connect(str(folder / "work.duckdb")) as connection:
            connection.execute(f"SET memory_limit = {literal(memory_limit.strip())}")
            connection.execute(f"SET temp_directory = {literal(folder / 'spilled')}")
            connection.execute("SET enable_progress_bar = false")  # it would draw on stdout after two seconds
            connection.execute("SET TimeZone = 'UTC'")  # times without a zone mean the same on every machine
            connection.execute("SET checkpoint_threshold = '256MB'")
            if threads is not None:
                connection.execute(f"SET threads = {threads}")
            yield connection
    except duckdb.OutOfMemoryException as error:
        raise out_of_memory(error) from error
    except duckdb.IOException as error:
        message = str(error).strip().splitlines()[0]
        raise DataError(f"cannot write {folder.parent}: {message}", "make room on the disk") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
