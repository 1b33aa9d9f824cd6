"""What a model started with that did not start anew."""

from __future__ import annotations

from collections.abc import Iterator

from bstkit.report.html import Html, exact, joined, pairs, section, table
from bstkit.report.record import Facts, Record


def warm_start_section(record: Record) -> Html:
    """The run behind the first step, the rows of its tables, how good its weights were; nothing for a cold start."""
    origin = record.run.provenance.get("init_from")
    if not origin:
        return joined()
    facts = [
        ("run", origin["run"]),
        ("trained", origin["created"] or ""),
        ("its weights", origin["weights_sha256"]),
        ("its log's fingerprint", origin["data_sha256"] or ""),
        ("standardised as in the run", ", ".join(origin["statistics"])),
        ("started anew", ", ".join(origin["fresh"])),
        *_before(origin["validation"]),
    ]
    columns = ("kept", "new", "dropped")
    rows = [(space, *(f"{one[name]:,}" for name in columns)) for space, one in origin["tables"].items()]
    counts = table("Rows of its tables", ("id space", *columns), rows)
    return section("Warm start", pairs(facts), counts)


def _before(validation: Facts) -> Iterator[tuple[str, Html]]:
    """How good the weights were on the validation rows before the first step."""
    for task, found in validation.items():
        for key, name in (("log_loss", "log loss"), ("auc", "AUC")):
            if found[key] is not None:
                yield f"{task}: validation {name} before training", exact(found[key], f"{found[key]:.4f}")
