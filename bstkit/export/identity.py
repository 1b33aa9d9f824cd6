"""Where an exported model comes from, as plain facts for manifest and metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bstkit.bundle.manifest import Data, Identity, VocabularyFact
from bstkit.component import GraphPass
from bstkit.compose import Composed
from bstkit.config.features import Features
from bstkit.export.licences import Licences, licences
from bstkit.export.plugin_passes import supplier_of_pass
from bstkit.supplier import recorded, versions
from bstkit.version import __version__

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")


def package_versions() -> dict[str, str]:
    """Package -> version, of those that make an exported file and those that run it."""
    import onnxruntime

    packages = {name: version(name) for name in _PACKAGES}
    return {"bstkit": __version__, **packages, "onnxruntime": str(onnxruntime.__version__)}


def identity_of(composed: Composed, provenance: Mapping[str, Any] | None, passes: Iterable[GraphPass] = ()) -> Identity:
    """Say where a model comes from.

    Its components are those that it was trained with; the versions of their distributions beside them are those that
    made the file, which may be later ones.

    Args:
        composed: the model.
        provenance: the run's provenance.json; None where no run is behind the model.
        passes: that the graph went through, after the built-in ones.
    """
    provenance = provenance or {}
    data = provenance.get("data")
    trained = recorded(provenance.get("components")) or composed.suppliers
    plugins = [*composed.suppliers.values(), *filter(None, map(supplier_of_pass, passes))]
    return Identity(
        recipe=composed.selection.recipe,
        bstkit=__version__,
        versions={**package_versions(), **versions(plugins)},
        # The names of local files alone, and below of the log: where they lay is nothing to a serving team.
        components={key: str(one.placeless) for key, one in trained.items()},
        seed=composed.selection.train.seed,
        data=None if data is None else Data(log=Path(data["log"]).name, sha256=data["sha256"]),
    )


def licences_of(composed: Composed, identity: Identity) -> Licences:
    """The licences of the packages that made a file, those of its components among them, and of its weights."""
    plugins = (one.name for one in recorded(identity.components).values() if not one.is_file)
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
