"""Is a bundle what its manifest says? Digests of every file, then the graph's names, dtypes, dimensions and opset."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir
from packaging.version import Version

from bstkit.bundle.contract import Input, Output
from bstkit.bundle.graph_values import dims_of, dtype_of
from bstkit.bundle.manifest import CHANGED, MANIFEST, MODEL, Manifest, file_fact
from bstkit.errors import BundleError, VerificationError
from bstkit.export.contract import count_operations


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its size and digest.

    Raises:
        VerificationError: files are missing, changed, or not of the bundle; all are listed.
    """
    problems = []
    for name, fact in manifest.files.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != fact.bytes:
            problems.append(f"{name} has {path.stat().st_size:,} bytes instead of {fact.bytes:,}")
        elif file_fact(path) != fact:
            problems.append(f"{name} was changed: its digest is another one")
    problems += [f"{name} is not of the bundle" for name in files_of(folder) if name not in manifest.files]
    if problems:
        raise VerificationError("\n  ".join([f"{folder} is not what was exported:", *problems]), CHANGED)


def files_of(folder: Path) -> list[str]:
    """Every file of a bundle but its manifest, in order, as the manifest names them."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in paths if name != MANIFEST)


def check_graph(folder: Path, manifest: Manifest, onnxruntime: str | None) -> None:
    """Compare the graph with the manifest, and its opset with an ONNX Runtime.

    Args:
        folder: the bundle.
        manifest: its manifest.
        onnxruntime: version of the ONNX Runtime that shall run it; None where another engine does.

    Raises:
        BundleError: the runtime is older than the graph asks for.
        VerificationError: names, dtypes, dimensions, opset, operations or the contract in the graph's metadata differ.
    """
    lowest = manifest.graph.lowest_onnxruntime
    if onnxruntime is not None and Version(onnxruntime) < Version(lowest):
        raise BundleError(
            f"this ONNX Runtime is {onnxruntime}, and {MODEL} needs {lowest} or later (opset {manifest.graph.opset})",
            f"install onnxruntime {lowest} or later",
        )
    model = ir.load(folder / MODEL)
    problems = []
    for kind, values, wanted in (
        ("input", model.graph.inputs, manifest.contract.inputs),
        ("output", model.graph.outputs, manifest.contract.outputs),
    ):
        found = [_described(value) for value in values]
        stated = [_stated(one) for one in wanted]
        if found != stated:
            problems.append(f"{kind}s: {', '.join(found)} instead of {', '.join(stated)}")
    for what, ours, theirs in (
        ("opset", model.opset_imports.get(""), manifest.graph.opset),
        ("IR version", model.ir_version, manifest.graph.ir_version),
        ("operations", count_operations(model), manifest.graph.operations),
        ("contract", model.metadata_props.get("bstkit.contract.sha256"), manifest.contract_sha256),
    ):
        if ours != theirs:
            problems.append(f"{what}: {ours} instead of {theirs}")
    if problems:
        raise VerificationError("\n  ".join([f"{MODEL} is not what {MANIFEST} says:", *problems]), CHANGED)


def _described(value: ir.Value) -> str:
    return f"{value.name} {dtype_of(value)} {list(dims_of(value))}"


def _stated(one: Input | Output) -> str:
    return f"{one.name} {one.dtype} {list(one.dims)}"
