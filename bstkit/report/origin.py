"""Where a run comes from: its log, its settings, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bstkit.config.setting_words import setting_words
from bstkit.report.html import Html, exact, pairs, section, table
from bstkit.report.record import Facts, Record
from bstkit.supplier import recorded


def data_section(record: Record) -> Html:
    """The log, its fingerprint, rows by split, what was left out or drawn."""
    data = record.run.provenance.get("data") or {}
    rows = record.run.metrics.get("rows") or {}
    facts = [
        ("log", Path(data["log"]).name if data.get("log") else ""),  # its name alone: a page is passed on
        ("fingerprint", data.get("sha256", "")),
        *((f"{split} rows", f"{count:,}") for split, count in rows.items()),
        *(("left out", f"{count:,} rows, {reason}") for reason, count in (data.get("skipped") or {}).items()),
        ("negatives", _sampled(data["sampling"]) if data.get("sampling") else ""),
    ]
    return section("Data", pairs(facts))


def _sampled(sampling: Facts) -> str:
    return (
        f"{sampling['negatives_per_positive']} candidates drawn beside each positive, {sampling['by']}, a share "
        f"w = {sampling['rate']:.3g} of all; probabilities p are those beside them, among all candidates they are "
        "p w / (p w + 1 - p)"
    )


def environment_section(record: Record) -> Html:
    """Settings, components, what else plugins brought, packages, seconds."""
    return section("Environment", *_tables(record))


def _tables(record: Record) -> Iterator[Html]:
    settings = record.run.selection.train.model_dump(mode="json")
    shown = [(f"train.{name}", setting_words(value)) for name, value in settings.items()]
    yield table("Settings of training", ("setting", "value"), shown)
    provenance = record.run.provenance
    components = recorded(provenance.get("components"))
    if components:
        yield table("Components", ("component", "from"), [(key, str(one.placeless)) for key, one in components.items()])
    brought = [
        *(("callback", name, by) for by, names in (provenance.get("callbacks") or {}).items() for name in names),
        *(("export pass", one["name"], one["supplier"] or "-") for one in (record.export or {}).get("passes") or ()),
    ]
    if brought:
        yield table("From plugins", ("what", "name", "from"), brought)
    trained = {name: provenance.get(name) for name in ("bstkit", "python")} | (provenance.get("packages") or {})
    exported = (record.export or {}).get("versions") or {}
    names = dict.fromkeys([*trained, *exported])
    yield table(
        "Versions",
        ("package", "trained with", "exported with"),
        [(name, trained.get(name) or "-", exported.get(name) or "-") for name in names],
    )
    stages = [
        *((f"training: {name}", seconds) for name, seconds in (record.run.metrics.get("seconds") or {}).items()),
        *((f"export: {name}", seconds) for name, seconds in ((record.export or {}).get("seconds") or {}).items()),
    ]
    if stages:
        rows = [(name, exact(seconds, f"{seconds:.1f}")) for name, seconds in stages]
        yield table("Time", ("stage", "seconds"), rows)
