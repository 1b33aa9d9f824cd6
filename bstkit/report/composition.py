"""The composition as a tree of boxes: what each part reads, makes, and weighs."""

from __future__ import annotations

from collections.abc import Sequence

from bstkit.report.html import Html, element, paragraph, section
from bstkit.report.record import Facts, Record

_LABEL = "The composition: inputs, tables, sequences with their components, head, outputs"


def composition_section(record: Record) -> Html:
    """Draw the tree that `bstkit show` prints."""
    lines = record.composition
    if not lines:
        return section("Composition", paragraph("Not drawn: this run kept no drawing; `bstkit show` makes one."))
    boxes = element("ul", *_boxes(lines), class_="tree")
    return section("Composition", element("figure", boxes, role="group", aria_label=_LABEL))


def _boxes(lines: Sequence[Facts]) -> list[Html]:
    """The lines of the smallest depth, each with those that belong to it."""
    starts = [place for place, line in enumerate(lines) if line["depth"] == lines[0]["depth"]]
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        inner = lines[start + 1 : end]
        below = element("ul", *_boxes(inner)) if inner else None
        found.append(element("li", _box(lines[start]), below))
    return found


def _box(line: Facts) -> Html:
    if not line["depth"]:
        return element("h3", line["name"])
    parameters = line["parameters"]
    return element(
        "div",
        element("b", line["name"]),
        element("code", line["makes"]) if line["makes"] else None,
        element("span", f"{parameters:,} parameter{'s' * (parameters != 1)}", class_="weight") if parameters else None,
        element("small", f"reads {line['reads']}") if line["reads"] else None,
        element("small", line["note"]) if line["note"] else None,
        class_="box",
    )
