"""An independent reader of a page: its tree, and what stands in tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta"}


@dataclass
class Node:
    """One element."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def all(self, tag):
        """Every element of that name below this one, in order."""
        inner = [child for child in self.children if isinstance(child, Node)]
        return [found for child in inner for found in ([child] * (child.tag == tag) + child.all(tag))]

    def everything(self):
        """Every element below this one."""
        return [found for child in self.children if isinstance(child, Node) for found in (child, *child.everything())]

    @property
    def text(self):
        """What a person reads."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def tables(self):
        """Caption -> rows of cells."""
        return {
            one.all("caption")[0].text: [
                [cell for cell in row.children if isinstance(cell, Node)] for row in one.all("tbody")[0].all("tr")
            ]
            for one in self.all("table")
        }


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read(text):
    """The page's tree.

    Raises:
        AssertionError: an element is not closed where it should be, or has an attribute twice.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    [root] = reader.open
    return root


def number(cell):
    """A cell's number with every digit; None for a dash."""
    found = cell.all("data")
    return float(found[0].attributes["value"]) if found else None


def numbers(row):
    """The numbers of a row's cells behind the first, as far as they have every digit."""
    return [number(cell) for cell in row[1:]]
