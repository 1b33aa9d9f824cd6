"""Where a model came from: versions, providers, data."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from bstkit.supplier import as_texts, versions
from bstkit.version import __version__

if TYPE_CHECKING:
    from bstkit.compose import Composed
    from bstkit.data.dataset import Dataset

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "numpy", "duckdb")


def provenance(composed: Composed, dataset: Dataset, sha256: str | None = None) -> dict[str, Any]:
    """Collect what provenance.json holds, as plain data; `sha256` is the data's fingerprint, where it is known.

    `components` has who supplied each as `bstkit.supplier.Supplier` writes it, and `packages` the version of each
    package that numbers depend on, those of plugins among them.
    """
    return {
        "bstkit": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": {**packages(), **versions(composed.suppliers.values())},
        "components": as_texts(composed.suppliers),
        "seed": composed.selection.train.seed,
        "data": {"log": dataset.origin, "sha256": sha256 or fingerprint(dataset), **_changes(dataset)},
    }


def packages() -> dict[str, str]:
    """Name -> version of the packages that numbers depend on."""
    return {name: found for name in _PACKAGES if (found := _version(name))}


def _changes(dataset: Dataset) -> dict[str, Any]:
    """How the rows differ from the log: `skipped`, bad rows by reason; `sampling`, how negatives were drawn."""
    sampling = dataset.features.sampling
    changes: dict[str, Any] = {"skipped": dict(dataset.skipped)} if dataset.skipped else {}
    return changes if sampling is None else {**changes, "sampling": sampling.model_dump()}


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 over every array of a prepared dataset: equal for equal events, order and ids."""
    digest = hashlib.sha256()
    for name, array in dataset.arrays():
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
