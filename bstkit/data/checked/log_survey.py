"""What is wrong with a log, row by row and as a whole, found in one pass over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from bstkit.config.features import Features
from bstkit.data.checked.label_classes import class_measures, class_problems
from bstkit.data.checked.log_checks import RowCheck, row_checks
from bstkit.data.checked.log_column import LogColumn
from bstkit.data.checked.log_columns import checked_query
from bstkit.data.checked.log_errors import LogProblem, rows_said
from bstkit.data.checked.time_units import time_measures, time_problem
from bstkit.data.sql import identifier

SHOWN = 200
"""Characters of a value that errors and the list of bad rows show."""


@dataclass(frozen=True)
class Finding:
    """A check that rows did not pass.

    Args:
        check: which one.
        wrong: name of the column of the view `checked` that says which rows.
        rows: how many.
    """

    check: RowCheck
    wrong: str
    rows: int

    @property
    def reason(self) -> str:
        """What is wrong, and with which column."""
        return f"{self.check.described} {self.check.reason}"


@dataclass(frozen=True)
class Survey:
    """What was found in a log.

    Args:
        rows: of the log.
        bad: how many of them cannot be used.
        findings: why; a row may be wrong in several ways.
        problems: of the log as a whole.
    """

    rows: int
    bad: int
    findings: tuple[Finding, ...]
    problems: tuple[LogProblem, ...]


def survey_log(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[LogColumn], features: Features, scoring: bool = False
) -> Survey:
    """Make the view `checked` of the table `source`, and look for what is wrong with it.

    The view has what `checked_query` yields, and one boolean a check.

    Args:
        connection: with the table `source`.
        columns: of the log.
        features: what they mean.
        scoring: labels need not tell anything.
    """
    checks = {f"wrong:{place}": check for place, check in enumerate(row_checks(columns))}
    wrong = ", ".join(f"coalesce({check.wrong}, false) AS {identifier(name)}" for name, check in checks.items())
    connection.execute(f"CREATE VIEW checked AS SELECT *, {wrong} FROM ({checked_query(columns, features)})")
    bad = " OR ".join(map(identifier, checks))
    labels = [column for column in columns if column.role == "label"] if not scoring else []
    among = "true" if features.log.bad_rows == "error" else f"NOT ({bad})"
    measures = {"rows": "count(*)", "bad": f"count(*) FILTER (WHERE {bad})"}
    measures |= {name: f"count(*) FILTER (WHERE {identifier(name)})" for name in checks}
    measures |= time_measures() | class_measures(labels, among)
    measured = _one_row(connection, measures)
    findings = tuple(Finding(check, name, measured[name]) for name, check in checks.items() if measured[name])
    if features.log.bad_rows == "error":  # labels are counted when all of them are right
        wrong_columns = {finding.check.column for finding in findings}
        labels = [column for column in labels if column.column not in wrong_columns]
    elif measured["rows"] == measured["bad"]:
        labels = []
    units = time_problem(features.log, measured)
    problems = (
        *((units,) if units is not None else ()),
        *class_problems(labels, measured, features.sampling is not None),
    )
    return Survey(measured["rows"], measured["bad"], findings, problems)


def first_example(connection: duckdb.DuckDBPyConnection, finding: Finding) -> LogProblem:
    """Say in how many rows a check failed, and which is the first."""
    found = connection.execute(
        f"SELECT row, left({finding.check.value}, {SHOWN}) FROM checked "
        f"WHERE {identifier(finding.wrong)} ORDER BY row LIMIT 1"
    ).fetchone()
    if found is None:
        raise RuntimeError(f"no row is wrong any more: {finding.reason}")
    row, value = found
    example = f"first in row {row + 1}"
    if value is not None:
        example = f"first {value!r} in row {row + 1}" if finding.check.quoted else f"{example}: {value}"
    return LogProblem(f"{finding.reason} in {rows_said(finding.rows)}, {example}", finding.check.hint)


def _one_row(connection: duckdb.DuckDBPyConnection, measures: dict[str, str]) -> dict[str, Any]:
    """Aggregate the view `checked`, in one pass."""
    selected = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in measures.items())
    found = connection.execute(f"SELECT {selected} FROM checked").fetchone()
    if found is None:  # an aggregate always yields a row
        raise RuntimeError("DuckDB returned nothing for an aggregate")
    return dict(zip(measures, found, strict=True))
