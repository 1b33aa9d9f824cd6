"""Rows that cannot be used: counted, listed in a file, left out or refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bstkit.data.checked.log_errors import rows_said
from bstkit.data.checked.log_survey import SHOWN, Finding, Survey
from bstkit.data.layouts import Source
from bstkit.data.sql import identifier, literal
from bstkit.errors import DataError

UNREADABLE = "cannot be read"
"""The reason of lines that no row could be made of."""


@dataclass(frozen=True)
class BadRows:
    """The rows of a log that cannot be used, as the table `bad_row` of its database.

    Its columns: `row` (from 0; NULL for a line that could not be read), `file` and `line` (where known), `column`,
    `reason` and `value` (cut). A row that is wrong in several ways stands there several times.

    Args:
        rows: rows of the log, bad ones and lines that could not be read included.
        count: how many of them are bad.
        reasons: reason -> number of rows.
    """

    rows: int
    count: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of the rows that is bad."""
        return self.count / max(1, self.rows)


def collect_bad_rows(connection: duckdb.DuckDBPyConnection, source: Source, survey: Survey) -> BadRows:
    """Make the table `bad_row`.

    Args:
        connection: with the view `checked`.
        source: where the log comes from, read to its end.
        survey: of the log.
    """
    file = literal(source.files[0]) if len(source.files) == 1 else "NULL"
    parts = [_rows_of(finding, file) for finding in survey.findings]
    lines = 0
    if source.unreadable is not None:
        reason = f"concat({literal(UNREADABLE + ': ')}, reason)"
        parts.append(f"SELECT NULL, file, line, NULL, {reason}, left(text, {SHOWN}) FROM ({source.unreadable})")
        lines = _unreadable_lines(connection, source.unreadable)
    connection.execute(
        'CREATE TABLE bad_row (row BIGINT, file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, value VARCHAR)'
    )
    for part in parts:
        connection.execute(f"INSERT INTO bad_row {part}")
    reasons = {finding.reason: finding.rows for finding in survey.findings}
    if lines:
        reasons = {UNREADABLE: lines} | reasons
    return BadRows(survey.rows + lines, survey.bad + lines, reasons)


def write_bad_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the table `bad_row` as a CSV file, rows counted from 1; the file appears whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    order = 'ORDER BY file, line, row, "column", reason'
    query = f'SELECT row + 1 AS row, file, line, "column", reason, value FROM bad_row {order}'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY ({query}) TO {literal(part)} (FORMAT csv, HEADER, COMPRESSION none)")
        os.replace(part, path)
    except (OSError, duckdb.IOException) as error:
        part.unlink(missing_ok=True)
        raise DataError(
            f"cannot write the list of bad rows {path}: {error}", "name a place that can be written to"
        ) from error


def too_many(bad: BadRows, limit: float, origin: str, see: str) -> DataError:
    """Return the error for a log with too large a share of bad rows.

    Args:
        bad: the bad rows.
        limit: the share that features.toml allows.
        origin: how errors name the log.
        see: where the bad rows are listed, for the hint.
    """
    if bad.count == bad.rows:
        first = f"none of the {bad.rows} rows of {origin} can be used"
    else:
        said = f"{bad.count} of {bad.rows} rows of {origin} cannot be used"
        first = f"{said}: a share of {bad.share:.3g}, above max_bad_share = {limit:g}"
    counts = [f"  {reason}: {rows_said(count)}" for reason, count in bad.reasons.items()]
    return DataError("\n".join((first, *counts)), f"correct these rows, or raise max_bad_share in [log]{see}")


def _rows_of(finding: Finding, file: str) -> str:
    check = finding.check
    return (
        f"SELECT row, {file}, NULL, {literal(check.column)}, {literal(check.reason)}, left({check.value}, {SHOWN}) "
        f"FROM checked WHERE {identifier(finding.wrong)}"
    )


def _unreadable_lines(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Count lines; one may be listed for several reasons."""
    found = connection.execute(
        "SELECT count(DISTINCT (file, line)) FILTER (WHERE line IS NOT NULL) + "
        f"count(*) FILTER (WHERE line IS NULL) FROM ({query})"
    ).fetchone()
    return int(found[0]) if found else 0
