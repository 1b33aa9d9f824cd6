"""What report.json says of the run behind a model: its data, its training, and how good it became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bstkit.bundle.manifest import Identity

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """Facts of a run; each None where no run is behind the model, or the run does not know.

    Args:
        data: `log`, `sha256` of what was prepared from it, `rows` by split; `skipped`, bad rows that were left out, by
            reason, and `sampling`, how negatives were drawn, where there are any.
        training: `epochs`, `parameters`, `seed`, `created`, `seconds` by stage; `class_weight` by task, and
            `callbacks` of plugins, distribution and version -> names of classes, where there are any.
        metrics: `model`, and each baseline by name: task -> metrics on the test rows.
    """

    data: Facts | None = None
    training: Facts | None = None
    metrics: Facts | None = None


def run_facts(
    identity: Identity, provenance: Facts | None, metrics: Facts | None, class_weight: Mapping[str, float]
) -> RunFacts:
    """Collect the facts.

    Args:
        identity: names the data and the seed.
        provenance: the content of provenance.json.
        metrics: the content of metrics.json.
        class_weight: task -> factor of the loss of its positive rows.
    """
    found = metrics or {}
    data = None if identity.data is None else identity.data.model_dump()
    training = None
    if metrics:
        training = {
            "epochs": metrics["epochs"],
            "parameters": metrics["parameters"],
            "seed": identity.seed,
            "created": (provenance or {}).get("created"),
            "seconds": dict(metrics.get("seconds", {})),
        }
        if class_weight and metrics["epochs"]:  # imported weights were trained in some other way
            training["class_weight"] = dict(class_weight)
        if (provenance or {}).get("callbacks"):
            training["callbacks"] = (provenance or {})["callbacks"]
    scored = {"model": found.get("test", {}), **found.get("baselines", {})}
    return RunFacts(
        data=None if data is None else {**data, "rows": dict(found.get("rows", {})), **_changes(provenance or {})},
        training=training,
        metrics=scored if scored["model"] else None,
    )


def _changes(provenance: Facts) -> Facts:
    """How the rows differ from the log."""
    data = provenance.get("data") or {}
    return {key: data[key] for key in ("skipped", "sampling") if key in data}
