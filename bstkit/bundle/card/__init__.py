"""MODEL_CARD.md: what a bundle is and how to use it, for people, from its manifest.json and report.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bstkit.bundle.card.inputs import inputs_section
from bstkit.bundle.card.origin import data_section, licences_section, training_section, versions_section
from bstkit.bundle.card.proof import parity_section, providers_section
from bstkit.bundle.card.quality import metrics_section, scores_section
from bstkit.bundle.card.usage import usage_section
from bstkit.bundle.manifest import MODEL, Manifest

CARD = "MODEL_CARD.md"

_SECTIONS = (
    data_section,
    training_section,
    metrics_section,
    parity_section,
    providers_section,
    inputs_section,
    usage_section,
    scores_section,
    versions_section,
    licences_section,
)


def model_card(manifest: Manifest, report: Mapping[str, Any]) -> str:
    """Write the card.

    Args:
        manifest: the bundle's; its files are not looked at.
        report: the content of report.json.
    """
    tasks = ", ".join(f"`{one.name}`" for one in manifest.contract.outputs if one.kind == "probability")
    head = (
        f"# {manifest.identity.recipe}\n\n"
        f"A click-through-rate model that scores {tasks}, as `{MODEL}`: {report['nodes']} nodes, "
        f"{report['bytes']:,} bytes, {report['precision']}, for target `{manifest.graph.target}`, "
        f"opset {manifest.graph.opset}, ONNX Runtime {manifest.graph.lowest_onnxruntime} or later. "
        "All numbers here stand in `manifest.json` and `report.json`, too.\n"
    )
    return "\n".join([head, *(section(manifest, report) for section in _SECTIONS)])
