"""Read a card back: its sections, and the tables in them."""

import re


def sections(text):
    """Headline -> what stands below it."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tables(text):
    """Each table as a list of rows, header first; the second column of a name gets `(2)` behind it."""
    found = []
    for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in block.strip().splitlines()]
        assert re.fullmatch(r"(\| --- )+\|", block.splitlines()[1])
        assert len({len(row) for row in rows}) == 1
        found.append([rows[0], *rows[2:]])
    return found
