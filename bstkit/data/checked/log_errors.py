"""Errors that several readers raise in the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.errors import DataError

_SHOWN = 200
_CAUSES = {
    "Parallel CSV Reader currently does not support a full read": "a line is too long",
    "state machine reached an invalid state": "its lines end in different ways, or quotes stand where none may",
}


@dataclass(frozen=True)
class LogProblem:
    """One thing that is wrong with a log, and what to do about it."""

    message: str
    hint: str


def missing_path(path: Path) -> DataError:
    """Return the error for a log that is not there."""
    return DataError(f"there is no file or folder {path}", "check the path")


def out_of_memory(error: Exception) -> DataError:
    """Return the error for work that DuckDB could not do within its memory limit and the disk."""
    message = str(error).strip().splitlines()[0]
    return DataError(
        f"the work does not fit into the memory limit: {message}",
        "give it more with --memory-limit, or make room on the disk",
    )


def unreadable(origin: str, error: Exception) -> DataError:
    """Return the error for a log that DuckDB could not read; its own first lines say where.

    Args:
        origin: the log. Where the error names a file of it, that is named instead.
        error: what DuckDB raised.
    """
    if isinstance(error, duckdb.OutOfMemoryException):
        return out_of_memory(error)
    text = str(error)
    cause = next((says for sign, says in _CAUSES.items() if sign in text), None)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines[:5] if not line.startswith(("Possible", "*", "LINE", "^"))]
    shown = [line if len(line) <= _SHOWN else line[:_SHOWN] + " ..." for line in kept]
    file = re.search(r"^ *file = (.+)$", text, re.MULTILINE)
    says = cause or "; ".join(shown).removeprefix("Invalid Input Error: ").removeprefix("CSV Error on ")
    return DataError(
        f"cannot read {file[1] if file else origin}: {says}",
        "it may be damaged or cut short: fetch it again, or correct the row",
    )


def rows_said(count: int) -> str:
    """Say how many rows."""
    return "1 row" if count == 1 else f"{count} rows"
