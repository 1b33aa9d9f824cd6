"""The little Markdown that a card needs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Row = Sequence[object]


def section(title: str, *blocks: str) -> str:
    """A headline, and blocks with a blank line between; empty ones are left out."""
    return "\n\n".join([f"## {title}", *(block for block in blocks if block)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Row]) -> str:
    """A table; a bar inside a cell does not end it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(one) for one in line) + " |" for line in lines)


def listed(*points: str) -> str:
    """A list with bullets; empty points are left out."""
    return "\n".join(f"* {point}" for point in points if point)


def code(value: object) -> str:
    """Text as it would be typed."""
    return f"`{value}`"


def small(value: float | None) -> str:
    """A difference; a dash for None."""
    return "-" if value is None else f"{value:.1e}"


def decimal(value: float | None, digits: int = 4) -> str:
    """A number with so many decimals; a dash for None."""
    return "-" if value is None else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """A share that is never rounded up: 1 is all of it."""
    return "-" if value is None else f"{math.floor(value * 1e6) / 1e6:.6f}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
