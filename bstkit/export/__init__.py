"""Export a composed model to ONNX, and prove that ONNX Runtime gives TensorFlow's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from bstkit.component import GraphPass
    from bstkit.compose import Composed
    from bstkit.export.layers import LayerDifference
    from bstkit.export.report import Report

__all__ = ["TargetName", "compare_layers", "export", "verify"]

TargetName = Literal["portable", "onnxruntime", "edge"]
"""What an exported file is made for; `bstkit.export.targets` says more."""


def export(
    composed: Composed,
    folder: Path,
    *,
    providers: Sequence[str] = ("cpu",),
    samples: Mapping[str, Any] | None = None,
    passes: Sequence[GraphPass] = (),
    target: TargetName | None = None,
    edge_batch: int | None = None,
    ids: Literal["encoded", "raw"] | None = None,
    vocabularies: Mapping[str, Sequence[str]] | None = None,
    provenance: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Report:
    """Convert, verify and write a model. A folder that exists is a bundle that was verified.

    Args:
        composed: the model, with the weights to export.
        folder: a new folder, for `model.onnx` (with `model.onnx.data` past 2 GB), what the target puts beside it,
            `manifest.json`, `report.json`, `MODEL_CARD.md`, vocabularies, golden vectors and the C++ consumer.
        providers: `"cpu"`, `"cuda"`, `"tensorrt"`: where ONNX Runtime must give TensorFlow's numbers.
        samples: held-out rows by input name, compared at optimisation level `all`, the first of them also as the case
            `typical`; generated where None.
        passes: rewrites of plugins, each verified on its own; they see the graph before vocabularies are put inside.
        target: `"portable"`, `"onnxruntime"` or `"edge"`. Defaults to what `[export]` says.
        edge_batch: rows that a file of the target `"edge"` scores at once. Defaults to what `[export]` says.
        ids: `"encoded"`, or `"raw"`: the file takes the log's own ids. Defaults to what `[export]` says.
        vocabularies: id space -> keys as text, the first has id 2; needed for raw ids; a space that
            is hashed has none. A run's are `run.vocabularies`.
        provenance: where the model comes from, for the manifest. A run's is `run.provenance`.
        metrics: how good the model became, for report and card. A run's are `run.metrics`.
        labels: task -> the labels of `samples`, NaN where one is not known. A run's are `run.heldout_labels`.

    Raises:
        RunError: the folder is there already, or cannot be written; or a weight is NaN or infinite.
        ExportError: the model could not be converted, the graph breaks a rule, or raw ids lack a vocabulary or have a
            hashed space.
        ProviderError: a provider is unknown or did not run.
        VerificationError: the numbers differ.
    """
    from bstkit.export.folder import Source, export_folder

    composed = composed.with_export("export()", target=target, edge_batch=edge_batch, ids=ids)
    source = Source(samples, vocabularies, provenance, metrics, labels)
    return export_folder(composed, Path(folder), providers, source, passes)


def verify(
    composed: Composed,
    model_path: Path,
    *,
    providers: Sequence[str] = ("cpu",),
    samples: Mapping[str, Any] | None = None,
    by_layer: bool = False,
    vocabularies: Mapping[str, Sequence[str]] | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Report:
    """Compare an exported file with the model that it comes from.

    Args:
        composed: the model, with the weights that were exported.
        model_path: its `model.onnx`; what its target puts beside it is verified with it.
        providers, samples: as for `export`.
        by_layer: where the numbers differ, list how far each layer is apart.
        vocabularies: as for `export`; read where the file takes raw ids, which its metadata tells.
        labels: as for `export`.

    Raises:
        RunError: there is no such file.
        ExportError: the file takes raw ids, and a vocabulary is missing or not of this model.
        ProviderError: a provider is unknown or did not run.
        VerificationError: a file is damaged, or its names, dtypes, dimensions or numbers differ.
    """
    from bstkit.export.verification import Verifier

    return Verifier(composed, samples, vocabularies, labels or {}).verify(Path(model_path), providers, by_layer)


def compare_layers(composed: Composed) -> list[LayerDifference]:
    """How far each layer's outputs are apart in a fresh conversion, in the order of the calls."""
    from bstkit.export.cases import make_cases
    from bstkit.export.layers import compare_layers as compare

    return compare(composed, make_cases(composed)[0].feeds)
