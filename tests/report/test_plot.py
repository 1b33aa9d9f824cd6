"""Figures: where shapes are drawn."""

import pytest

from bstkit.report.axis import linear
from bstkit.report.marks import COLOURS
from bstkit.report.plot import Plot
from tests.report.reader import read


def drawn(fill, left=64):
    plot = Plot(linear("x", 0.0, 4.0), linear("y", 0.0, 10.0), left)
    fill(plot)
    return read(plot.figure("a figure", "words"))


def corners(node):
    return [tuple(map(float, point.split(","))) for point in node.attributes["points"].split()]


def test_numbers_stand_where_the_axes_say():
    [line] = drawn(lambda plot: plot.line([(0, 0), (2, 5), (4, 10)], 0)).all("polyline")
    assert corners(line) == [(64.0, 252.0), (265.0, 132.0), (466.0, 12.0)]


def test_line_is_broken_where_a_number_is_not_defined():
    tree = drawn(lambda plot: plot.line([(0, 1), (1, 2), (2, None), (3, 3), (4, 4)], 0))
    assert [len(corners(line)) for line in tree.all("polyline")] == [2, 2]
    assert len(tree.all("circle")) == 4


def test_one_point_is_a_marker_alone():
    tree = drawn(lambda plot: plot.line([(1, 2)], 0))
    assert not tree.all("polyline")
    assert len(tree.all("circle")) == 1


def test_bars_reach_from_edge_to_edge_and_tell_their_numbers():
    tree = drawn(lambda plot: plot.bars([0, 1, 3], [10, 5], ["ten", "five"]))
    first, second = tree.all("rect")
    assert float(first.attributes["height"]) == 240
    assert float(second.attributes["width"]) == 2 * float(first.attributes["width"]) == 201
    assert [bar.all("title")[0].text for bar in (first, second)] == ["ten", "five"]


def test_outline_follows_the_bars():
    [line] = drawn(lambda plot: plot.steps([0, 1, 3], [10, 5], 1)).all("polyline")
    assert [y for _, y in corners(line)] == [252, 12, 12, 132, 132, 252]


def test_axes_have_ticks_and_labels():
    tree = drawn(lambda plot: None)
    found = [one.text for one in tree.all("text")]
    assert found == ["0", "1", "2", "3", "4", "0", "2", "4", "6", "8", "10", "x", "y"]
    assert tree.all("p")[0].text == "words"


def test_legend_names_each_series():
    tree = drawn(lambda plot: [plot.name("first", 0), plot.name("second", 1)])
    assert [one.text.strip() for one in tree.all("li")] == ["first", "second"]


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_can_be_seen_on_white(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear_light = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    luminance = sum(one * weight for one, weight in zip(linear_light, (0.2126, 0.7152, 0.0722), strict=True))
    assert 1.05 / (luminance + 0.05) >= 3.5  # WCAG 2 asks 3 of graphics
