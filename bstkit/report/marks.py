"""The marks of a figure: colours, strokes and points that are told apart on any screen and print."""

from __future__ import annotations

from collections.abc import Sequence

from bstkit.report.html import Html, element

COLOURS = ("#0072b2", "#d55e00", "#00795c", "#a2427c")
"""Told apart by people who see colours differently (after Okabe and Ito), each at least 3.5 to 1 against white."""

DASHES = (None, "7 4", "2 3", "9 3 2 3")
"""Beside the colours, for a print without them."""


def stroke(number: int) -> dict[str, object]:
    """How the line of a series is drawn."""
    number %= len(COLOURS)
    return {"stroke": COLOURS[number], "stroke_width": 2, "stroke_dasharray": DASHES[number]}


def marker(x: float, y: float, number: int) -> Html:
    """A circle, square, triangle or rhombus: told apart without colours, too."""
    number %= len(COLOURS)
    fill = COLOURS[number]
    if number == 0:
        return element("circle", cx=px(x), cy=px(y), r=4, fill=fill)
    corners = (
        (),
        ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        ((0, -5), (5, 4), (-5, 4)),
        ((0, -5), (5, 0), (0, 5), (-5, 0)),
    )[number]
    return element("polygon", points=path([(x + right, y + down) for right, down in corners]), fill=fill)


def path(points: Sequence[tuple[float, float]]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{px(x)},{px(y)}" for x, y in points)


def px(value: float) -> str:
    """A place in the drawing; two decimals are finer than any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
