"""`verify BUNDLE`: digests, schema, graph and golden vectors, on the folder alone and without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bstkit.bundle.engine import ONNX_RUNTIME
from bstkit.bundle.integrity import check_files, check_graph
from bstkit.bundle.manifest import MODEL, Manifest, read_manifest
from bstkit.bundle.measure import Measured
from bstkit.bundle.onnxruntime_engine import BESIDE, onnxruntime_ways
from bstkit.bundle.vectors import read_vectors
from bstkit.config.selection import Tolerance
from bstkit.errors import VerificationError
from bstkit.export.compare import describe
from bstkit.export.parity import by_output
from bstkit.export.providers import LEVELS, check_names
from bstkit.export.report import Difference, Run


@dataclass(frozen=True)
class Replay:
    """A bundle that passed.

    Args:
        manifest: what it says of itself.
        outputs: output -> how far the engine is from the golden vectors.
        runs: every run, in order.
        providers: provider -> level -> the engine's own provider -> nodes that it ran.
        tolerances: output -> what was allowed to differ.
        engine: what ran, and its version.
    """

    manifest: Manifest
    outputs: dict[str, Difference]
    runs: tuple[Run, ...]
    providers: dict[str, dict[str, dict[str, int]]]
    tolerances: dict[str, Tolerance]
    engine: str

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {
            "contract_sha256": self.manifest.contract_sha256,
            "identity": self.manifest.identity.model_dump(mode="json"),
            "graph": self.manifest.graph.model_dump(mode="json"),
            "files": len(self.manifest.files),
            "engine": self.engine,
            "providers": self.providers,
            "tolerances": {name: tolerance.model_dump() for name, tolerance in self.tolerances.items()},
            "outputs": {name: asdict(difference) for name, difference in self.outputs.items()},
            "runs": [asdict(run) for run in self.runs],
        }


def verify_bundle(folder: Path, providers: Sequence[str] = ("cpu",), levels: Sequence[str] = tuple(LEVELS)) -> Replay:
    """Check a bundle and replay its golden vectors.

    Args:
        folder: the bundle.
        providers: `"cpu"`, `"cuda"`, `"tensorrt"`.
        levels: optimisation levels of ONNX Runtime.

    Raises:
        BundleError: the folder is no bundle, is of a newer format, or this ONNX Runtime is too old for its graph.
        VerificationError: a file was changed or is missing, the graph is not what the manifest says, or scores differ.
        ProviderError: a provider is unknown or did not run.
    """
    import onnxruntime

    check_names(providers)
    manifest = read_bundle(folder, onnxruntime.__version__)
    replayed = Measured(tuple(read_vectors(folder, manifest)), stated_tolerances(manifest))
    replayed.run_all(folder / MODEL, onnxruntime_ways(providers, levels))
    replayed.run_beside([folder / name for name in manifest.graph.runs_beside], BESIDE)
    hint = (
        "this ONNX Runtime does not give the numbers that the bundle was verified with: use the version that "
        f"verified it, {manifest.identity.versions.get('onnxruntime', 'which its report names')}"
    )
    return passed(manifest, replayed, ONNX_RUNTIME, onnxruntime.__version__, hint)


def read_bundle(folder: Path, onnxruntime: str | None) -> Manifest:
    """Read a bundle's manifest, and check every file and the graph against it; see `verify_bundle`.

    Args:
        folder: the bundle.
        onnxruntime: version of the ONNX Runtime that shall run it; None where another engine does.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    check_graph(folder, manifest, onnxruntime)
    return manifest


def stated_tolerances(manifest: Manifest) -> dict[str, Tolerance]:
    """Output -> what the bundle allows to differ."""
    return {name: Tolerance(atol=one.atol, rtol=one.rtol) for name, one in manifest.tolerances.items()}


def passed(manifest: Manifest, replayed: Measured, engine: str, version: str, hint: str) -> Replay:
    """Say what replaying the golden vectors gave.

    Args:
        manifest: the bundle's.
        replayed: its vectors, run.
        engine, version: what ran them.
        hint: what to do where scores differ.

    Raises:
        VerificationError: scores differ.
    """
    if replayed.mismatches:
        raise VerificationError("\n".join(describe(replayed.mismatches, engine)), hint)
    return Replay(
        manifest,
        by_output(replayed.compared, replayed.tolerances),
        tuple(replayed.runs),
        replayed.providers,
        replayed.tolerances,
        f"{engine} {version}",
    )
