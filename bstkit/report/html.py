"""HTML by functions: what is not HTML already is escaped on its way into an element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_VOID = frozenset({"meta"})

_NUMBER = re.compile(r"(<data [^>]*>)?([-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?|-?)(</data>)?")
"""A cell that is a number, a dash for one, or empty."""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Cell = object
"""What a table shows: `Html` as it is, anything else as its text."""


def element(tag: str, *children: object, **attributes: object) -> Html:
    """Write one element.

    Args:
        tag: its name.
        children: what it holds, one after the other; None is left out.
        attributes: names with `_` for `-`, and one more at the end where Python has the word: `class_`. None is left
            out.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*parts: object) -> Html:
    """Parts one after the other, escaped where they are not HTML; None is left out."""
    return Html("".join(part if isinstance(part, Html) else escape(str(part)) for part in parts if part is not None))


def section(title: str, *blocks: object) -> Html:
    """A headline and what stands below it."""
    return joined(element("section", element("h2", title), *blocks), "\n")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Html:
    """A table whose first column names the rows; a wide one scrolls by itself, so that the page does not."""
    cells = [[joined(cell) for cell in row] for row in rows]
    # Columns of numbers stand at the right, so that digits of one weight stand below one another.
    sides = ["n" if all(_NUMBER.fullmatch(row[place]) for row in cells) else None for place in range(len(head))]
    sides[0] = None
    lines = [
        element(
            "tr",
            element("th", first, scope="row"),
            *(element("td", cell, class_=side) for cell, side in zip(rest, sides[1:], strict=True)),
        )
        for first, *rest in cells
    ]
    columns = [element("th", one, scope="col", class_=side) for one, side in zip(head, sides, strict=True)]
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *columns)),
        element("tbody", *lines),
    )
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def beside(figure: Html, numbers: Html) -> Html:
    """A figure and the table of its numbers: side by side where there is room."""
    return element("div", figure, numbers, class_="beside")


def pairs(facts: Iterable[tuple[str, object]]) -> Html:
    """Names and what they are; empty ones are left out."""
    shown = [joined(element("dt", name), element("dd", fact)) for name, fact in facts if fact not in ("", None)]
    return element("dl", *shown)


def paragraph(*parts: object) -> Html:
    """A paragraph."""
    return element("p", *parts)


def exact(value: float | None, text: str) -> Html:
    """A number as people read it, with its every digit for programs."""
    return joined(text) if value is None else element("data", text, value=repr(value))
