"""Where an exported model comes from, as plain facts for manifest and metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bstkit.bundle.manifest import Data, Identity, VocabularyFact
from bstkit.compose import Composed
from bstkit.config.features import Features
from bstkit.export.licences import Licences, licences
from bstkit.version import __version__

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")


def package_versions() -> dict[str, str]:
    """Package -> version, of those that make an exported file and those that run it."""
    import onnxruntime

    packages = {name: version(name) for name in _PACKAGES}
    return {"bstkit": __version__, **packages, "onnxruntime": str(onnxruntime.__version__)}


def identity_of(composed: Composed, provenance: Mapping[str, Any] | None) -> Identity:
    """Say where a model comes from.

    Args:
        composed: the model.
        provenance: the run's provenance.json; None where no run is behind the model.
    """
    provenance = provenance or {}
    data = provenance.get("data")
    return Identity(
        recipe=composed.selection.recipe,
        bstkit=__version__,
        versions=package_versions(),
        components=dict(provenance.get("components", {})),
        seed=composed.selection.train.seed,
        # The name alone: where the log lay is nothing to a serving team.
        data=None if data is None else Data(log=Path(data["log"]).name, sha256=data["sha256"]),
    )


def licences_of(composed: Composed, identity: Identity) -> Licences:
    """The licences of the packages that made a file, those of its components among them, and of its weights."""
    plugins = (provider.partition(" ")[0] for provider in identity.components.values())
    return licences((*identity.versions, *plugins), composed.selection.export.licence)


def vocabulary_facts(
    features: Features, spaces: Sequence[str], vocabularies: Mapping[str, Sequence[str]] | None
) -> dict[str, VocabularyFact]:
    """Say of each id space where its vocabulary lies in the bundle, and how many rows its table has.

    Args:
        features: with row counts.
        spaces: those of the model's inputs.
        vocabularies: space -> keys; a space without one gets no file, nor does one that is hashed.
    """
    facts = {}
    for space in spaces:
        rows = features.spaces[space].rows
        if rows is None:
            raise ValueError(f"the id space '{space}' has no row count")
        there = vocabularies is not None and space in vocabularies and features.spaces[space].hash_buckets is None
        facts[space] = VocabularyFact(file=f"vocab/{space}.txt" if there else None, rows=rows)
    return facts
