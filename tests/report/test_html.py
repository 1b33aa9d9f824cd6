"""HTML by functions."""

import pytest

from bstkit.report.html import Html, element, exact, joined, pairs, table
from tests.report.reader import read


@pytest.mark.parametrize("text", ["<b>", "a & b", '"', "'", "</p>", "&lt;"])
def test_text_is_read_back_as_it_was(text):
    node = read(element("p", text, title=text)).all("p")[0]
    assert (node.text, node.attributes["title"]) == (text, text)


def test_what_is_html_is_not_escaped_again():
    assert element("p", element("b", "x"), None, 3) == "<p><b>x</b>3</p>"
    assert isinstance(joined("<"), Html)


def test_names_of_attributes_are_those_of_html():
    made = element("svg", class_="a", aria_label="b", viewBox="0 0 1 1", tabindex=0, role=None)
    assert made == '<svg class="a" aria-label="b" viewBox="0 0 1 1" tabindex="0"></svg>'


def test_table_names_its_columns_and_rows():
    tree = read(table("numbers", ("name", "value"), [("a", exact(0.1 + 0.2, "0.3")), ("b", exact(None, "-"))]))
    assert [one.attributes["scope"] for one in tree.all("th")] == ["col", "col", "row", "row"]
    assert tree.all("data")[0].attributes["value"] == "0.30000000000000004"
    assert tree.tables()["numbers"][1][1].text == "-"


def test_columns_of_numbers_are_marked():
    rows = [("1", "1,024", exact(1e-9, "1.0e-09"), "-", "2.21.0", "1"), ("2", "7", exact(-3.5, "-3.5"), "", "1", "x")]
    lines = read(table("numbers", ("a", "b", "c", "d", "e", "f"), rows)).all("tr")
    for line in lines:
        assert [cell.attributes.get("class") for cell in line.children] == [None, "n", "n", "n", None, None]


def test_empty_facts_are_left_out():
    assert pairs([("a", ""), ("b", 0), ("c", None)]) == "<dl><dt>b</dt><dd>0</dd></dl>"
