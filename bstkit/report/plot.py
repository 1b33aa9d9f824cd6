"""A figure as SVG: a frame with two axes, shapes placed by their numbers, a legend and words below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bstkit.report.axis import Axis
from bstkit.report.html import Html, element, joined
from bstkit.report.marks import COLOURS, marker, path, px, stroke

# Wide enough for a desk, and its letters still large enough on a phone, where it is scaled down.
_WIDTH, _HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 12, 48

_FILL = "#9ecae9"
"""Of bars: pale, so that an outline can be seen over them."""


class Plot:
    """A figure in the making; later shapes lie above earlier ones.

    Args:
        x, y: its axes.
        left: room left of the frame, for the ticks' text.
    """

    def __init__(self, x: Axis, y: Axis, left: int = _LEFT) -> None:
        self._x_axis, self._y_axis = x, y
        self._left = left
        self._shapes: list[Html] = []
        self._legend: list[Html] = []

    def line(self, points: Sequence[tuple[float, float | None]], number: int = 0, markers: bool = True) -> None:
        """A line from point to point, broken where a number is not known; a point by itself shows by its marker."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for x, y in points:
            if y is None:
                pieces.append([])
            else:
                pieces[-1].append((self._x(x), self._y(y)))
        for piece in pieces:
            if len(piece) > 1:
                self._add("polyline", points=path(piece), fill="none", **stroke(number))
            for x, y in piece if markers else ():
                self._shapes.append(marker(x, y, number))

    def rule(self, x: float, colour: str = "#555555") -> None:
        """An upright dashed line at one number."""
        at, top, bottom = px(self._x(x)), px(self._y(self._y_axis.high)), px(self._y(self._y_axis.low))
        self._add("line", x1=at, y1=top, x2=at, y2=bottom, stroke=colour, stroke_dasharray="4 4")

    def diagonal(self) -> None:
        """A dashed line along which both numbers are equal."""
        low = max(self._x_axis.low, self._y_axis.low)
        high = min(self._x_axis.high, self._y_axis.high)
        ends = {"x1": self._x(low), "y1": self._y(low), "x2": self._x(high), "y2": self._y(high)}
        sides = {name: px(value) for name, value in ends.items()}
        self._add("line", **sides, stroke="#555555", stroke_dasharray="4 4")

    def whisker(self, x: float, low: float, high: float, number: int = 0) -> None:
        """An upright line with ends, for an interval."""
        at, top, bottom = self._x(x), self._y(high), self._y(low)
        shape = f"M{px(at - 4)} {px(top)}h8m-4 0V{px(bottom)}m-4 0h8"
        self._add("path", d=shape, fill="none", stroke=COLOURS[number], stroke_width=1.5)

    def point(self, x: float, y: float, number: int, words: str) -> None:
        """A point that says what it is."""
        self._shapes.append(element("g", element("title", words), marker(self._x(x), self._y(y), number)))

    def bars(self, edges: Sequence[float], heights: Sequence[float], words: Sequence[str]) -> None:
        """Filled bars from edge to edge, each with words that say what it is."""
        for low, high, height, told in zip(edges, edges[1:], heights, words, strict=False):
            left, right, top, bottom = self._x(low), self._x(high), self._y(height), self._y(0.0)
            bar = {"x": left, "y": top, "width": right - left, "height": bottom - top}
            places = {name: px(value) for name, value in bar.items()}
            self._add("rect", element("title", told), **places, fill=_FILL, stroke="#ffffff", stroke_width=0.5)

    def steps(self, edges: Sequence[float], heights: Sequence[float], number: int) -> None:
        """The outline of bars, to lie over others."""
        points = [(self._x(edges[0]), self._y(0.0))]
        for low, high, height in zip(edges, edges[1:], heights, strict=False):
            points += [(self._x(low), self._y(height)), (self._x(high), self._y(height))]
        points.append((self._x(edges[-1]), self._y(0.0)))
        self._add("polyline", points=path(points), fill="none", **stroke(number))

    def name(self, text: str, number: int, drawn: Literal["line", "outline", "points", "bars"] = "line") -> None:
        """An entry of the legend: what is drawn so."""
        line = element("line", x1=0, y1=7, x2=28, y2=7, **stroke(number)) if drawn in ("line", "outline") else None
        point = marker(14, 7, number) if drawn in ("line", "points") else None
        bar = element("rect", x=2, y=2, width=24, height=10, fill=_FILL) if drawn == "bars" else None
        sample = joined(line, point, bar)
        sign = element("svg", sample, viewBox="0 0 28 14", width=28, height=14, aria_hidden="true")
        self._legend.append(element("li", sign, " ", text))

    def figure(self, label: str, *words: object) -> Html:
        """The whole figure.

        Args:
            label: what it shows, in a line; stands above it, and for who cannot see it.
            words: what there is to say below.
        """
        drawing = element(
            "svg",
            element("title", label),
            *self._axes(),
            *self._shapes,
            viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
            role="img",
            aria_label=label,
        )
        legend = element("ul", *self._legend, class_="legend") if self._legend else None
        below = element("p", *words) if words else None
        return element("figure", element("figcaption", element("strong", label)), drawing, legend, below)

    def _x(self, value: float) -> float:
        return self._left + self._x_axis.share(value) * (_WIDTH - self._left - _RIGHT)

    def _y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - self._y_axis.share(value) * (_HEIGHT - _TOP - _BOTTOM)

    def _add(self, tag: str, *children: object, **attributes: object) -> None:
        self._shapes.append(element(tag, *children, **attributes))

    def _axes(self) -> list[Html]:
        left, right, top, bottom = self._left, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
        parts = []
        for value, text in self._x_axis.ticks:
            across = px(self._x(value))
            parts.append(element("line", x1=across, y1=top, x2=across, y2=bottom, stroke="#e3e3e3"))
            parts.append(element("text", text, x=across, y=bottom + 17, text_anchor="middle"))
        for value, text in self._y_axis.ticks:
            at = self._y(value)
            parts.append(element("line", x1=left, y1=px(at), x2=right, y2=px(at), stroke="#e3e3e3"))
            parts.append(element("text", text, x=left - 8, y=px(at + 4.5), text_anchor="end"))
        frame = f"M{left} {top}V{bottom}H{right}"
        parts.append(element("path", d=frame, fill="none", stroke="#1a1a1a"))
        middle, centre = (left + right) / 2, (top + bottom) / 2
        parts.append(element("text", self._x_axis.label, x=px(middle), y=_HEIGHT - 8, text_anchor="middle"))
        if self._y_axis.label:
            turned = f"translate(15 {px(centre)}) rotate(-90)"
            parts.append(element("text", self._y_axis.label, transform=turned, text_anchor="middle"))
        return parts
