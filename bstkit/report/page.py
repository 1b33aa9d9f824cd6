"""The page: a headline, the sections in their order, and the style that they share."""

from __future__ import annotations

from pathlib import Path

from bstkit.report.calibration import calibration_section
from bstkit.report.composition import composition_section
from bstkit.report.curves import curves_section
from bstkit.report.distributions import distributions_section
from bstkit.report.html import Html, element, joined, paragraph
from bstkit.report.origin import data_section, environment_section
from bstkit.report.parity import parity_section
from bstkit.report.quality import quality_section
from bstkit.report.record import Record
from bstkit.report.warm_start import warm_start_section

_SECTIONS = (
    data_section,
    warm_start_section,
    composition_section,
    curves_section,
    quality_section,
    calibration_section,
    distributions_section,
    parity_section,
    environment_section,
)


def page(record: Record) -> str:
    """Write the page: HTML with its style and figures inside, which loads nothing and runs nothing."""
    style = Html((Path(__file__).parent / "page.css").read_text(encoding="utf-8"))
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"bstkit run: {record.run.selection.recipe}"),
        element("style", style),
    )
    body = element("main", _headline(record), *(one(record) for one in _SECTIONS))
    whole = element("html", element("head", head), "\n", element("body", "\n", body, "\n"), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _headline(record: Record) -> Html:
    run = record.run
    created = run.provenance.get("created")
    facts = [
        f"trained {created}" if created else "",
        f"bstkit {run.provenance['bstkit']}" if "bstkit" in run.provenance else "",
        f"{run.metrics['parameters']:,} parameters" if "parameters" in run.metrics else "",
        "exported and verified" if record.export is not None else "not exported",
    ]
    return joined(
        element(
            "header", element("h1", run.selection.recipe), paragraph("; ".join(fact for fact in facts if fact), ".")
        ),
        "\n",
    )
