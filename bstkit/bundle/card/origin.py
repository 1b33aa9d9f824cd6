"""Where a model comes from: data, training, versions, licences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bstkit.bundle.card.markdown import code, decimal, listed, section, table
from bstkit.bundle.card.weighted import weighted_scores
from bstkit.bundle.manifest import Manifest

Report = Mapping[str, Any]

_NO_RUN = "Not known: the model was exported without the run that trained it."


def data_section(manifest: Manifest, report: Report) -> str:
    """The log, its fingerprint, rows by split, sizes of the vocabularies."""
    data = report["data"]
    facts = _NO_RUN
    if data is not None:
        rows = [f"{count:,} {split}" for split, count in data["rows"].items()]
        facts = listed(
            f"log: {data['log']}",
            f"fingerprint of the events, their order and ids: {code(data['sha256'])}",
            f"rows: {', '.join(rows)}" if rows else "",
            *(f"left out: {count:,} rows, {reason}" for reason, count in data.get("skipped", {}).items()),
            _sampled(data["sampling"]) if "sampling" in data else "",
        )
    spaces = table(
        ("id space", "vocabulary", "rows of its table"),
        [(name, _vocabulary(manifest, name), f"{fact.rows:,}") for name, fact in manifest.vocabularies.items()],
    )
    return section("Data", facts, spaces)


def _sampled(sampling: Mapping[str, Any]) -> str:
    """How negatives were drawn, and what that does to probabilities."""
    rate = sampling["rate"]
    return (
        f"negatives: {sampling['negatives_per_positive']} candidates drawn beside each positive, {sampling['by']}, a "
        f"share w = {rate:.3g} of all; served probabilities p are those beside them, among all candidates they are "
        "p w / (p w + 1 - p)"
    )


def _vocabulary(manifest: Manifest, space: str) -> str:
    buckets = manifest.contract.spaces[space].hash_buckets
    if buckets is not None:
        return f"none: keys are hashed into {buckets:,} buckets"
    return manifest.vocabularies[space].file or "not in this bundle"


def training_section(manifest: Manifest, report: Report) -> str:
    """Epochs, seconds, parameters, seed, weights of positive rows, callbacks, components."""
    training = report["training"]
    facts = _NO_RUN
    if training is not None:
        stages = ", ".join(f"{name} {decimal(seconds, 1)}" for name, seconds in training["seconds"].items())
        facts = listed(
            f"epochs: {training['epochs']}" if training["epochs"] else "trained elsewhere, its weights were imported",
            f"parameters: {training['parameters']:,}",
            f"seed: {training['seed']}",
            f"finished: {training['created']}" if training["created"] else "",
            f"seconds: {stages}" if stages else "",
            *(f"{code(task)}: {words}" for task, words in weighted_scores(training.get("class_weight") or {})),
            *(
                f"callbacks of {plugin}: {', '.join(map(code, names))}"
                for plugin, names in (training.get("callbacks") or {}).items()
            ),
        )
    components = table(("component", "from"), [(code(key), by) for key, by in manifest.identity.components.items()])
    return section("Training", facts, components if manifest.identity.components else "")


def versions_section(manifest: Manifest, report: Report) -> str:
    """What made the file, and verified it; the rewrites of plugins that it went through."""
    identity = manifest.identity
    listing = table(("package", "version"), [(code(name), version) for name, version in identity.versions.items()])
    passes = [(code(one["name"]), one["summary"], one["supplier"] or "-") for one in report.get("passes") or ()]
    rewrites = table(("export pass", "does", "from"), passes) if passes else ""
    return section(
        "Versions",
        listing,
        rewrites,
        f"Contract {code(manifest.contract_sha256)}, version {manifest.contract.version}.",
    )


def licences_section(manifest: Manifest, report: Report) -> str:
    """Of code and weights, as they are stated."""
    licences = report["licences"]
    stated = listed(
        f"weights: {licences['weights'] or 'not stated; whoever trained them says so with `[export] licence`'}",
        f"bstkit: {licences['bstkit'] or 'its package states none'}",
    )
    packages = table(
        ("package", "licence, as its metadata states it"),
        [(code(name), licence or "not stated") for name, licence in licences["packages"].items()],
    )
    why = "A program that serves the bundle needs an ONNX runtime alone; the other packages made the file."
    return section("Licences", stated, packages, why)
