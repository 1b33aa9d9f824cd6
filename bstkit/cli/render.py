"""Draw results on standard output: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer


def print_json(value: Any) -> None:
    """Print a value as indented JSON; sets become sorted lists, what JSON does not know its `repr`."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under column titles; cells wrap on a terminal and never when piped.

    Args:
        columns: the titles.
        rows: one sequence of cells a row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 10_000).print(table)


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns, leaving out empty values."""
    shown = [(name, str(value)) for name, value in pairs if value not in ("", None)]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        typer.echo(f"{name:<{width}}  {value}")


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (set, frozenset)) else repr(value)
