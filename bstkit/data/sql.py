"""Quoting for DuckDB's SQL."""

from pathlib import Path


def identifier(name: str) -> str:
    """Quote a name of a column or table."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    """Quote a text."""
    return "'" + str(value).replace("'", "''") + "'"
