"""Text files line by line, so that every line is accounted for: a row, or a line that is left out and listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bstkit.data.layouts.rejects import TEXT_LENGTH, Rejects
from bstkit.data.layouts.text_scan import scan

_NEVER = "\U0010ffff"
"""The delimiter between columns that are not there: by Unicode's word no character, so that no text holds it."""


def numbered_lines(files: Sequence[Path], rejects: Rejects | None = None, ignore: bool = False) -> str:
    """Return SQL of the lines: `file`, `line` (from 1 in each file) and `text` (NULL where empty), in order.

    A line's number is its distance from where its file began: windows that DuckDB computes while it reads, in order.
    Lines that are no text (not UTF-8, or too long) are not counted; `left_out` makes up for them.

    Args:
        files: read in this order.
        rejects: lists lines that are no text. None: they are an error.
        ignore: leave them out without a word.
    """
    read = whole_lines(files, rejects, ignore)
    placed = f"SELECT text, filename AS file, row_number() OVER () AS place, lag(filename) OVER () AS above FROM {read}"
    began = "max(CASE WHEN above IS DISTINCT FROM file THEN place END) OVER (ROWS UNBOUNDED PRECEDING)"
    return f"SELECT file, place - {began} + 1 AS line, text FROM ({placed})"


def whole_lines(files: Sequence[Path], rejects: Rejects | None = None, ignore: bool = False) -> str:
    """Return a table function with one column, `text`."""
    return scan(files, ["text"], _NEVER, quote="", header=False, line_ends="any", rejects=rejects, ignore=ignore)


def left_out(rejects: Rejects, lines: str) -> str:
    """Return SQL that lists the lines that are no text and those that are no row.

    Args:
        rejects: where the query lists the former.
        lines: SQL of `file`, `line`, `text` and `reason`, which is NULL for rows; the former do not count in `line`, so
            that each of them before a line moves its number by one.
    """
    return (
        f"WITH rejected AS MATERIALIZED ({rejects.query}), "
        "counted AS (SELECT file, line - row_number() OVER (PARTITION BY file ORDER BY line) AS before FROM rejected) "
        "SELECT file, line, reason, text FROM rejected UNION ALL "
        "SELECT lines.file, lines.line + (SELECT count(*) FROM counted "
        "WHERE counted.file = lines.file AND counted.before < lines.line), reason, "
        f"left(text, {TEXT_LENGTH}) FROM ({lines}) AS lines WHERE reason IS NOT NULL"
    )
