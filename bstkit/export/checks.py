"""The checks that come before any number: the file can be read, and its inputs and outputs are the model's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx_ir as ir

from bstkit.errors import ExportError, RunError, VerificationError
from bstkit.export.contract import onnx_dtype
from bstkit.export.external_data import check_data
from bstkit.export.write import check_file
from bstkit.inputs import BATCH, InputSpec

_EXPORT_AGAIN = "export the run again; the file was damaged or is of another model"


def read_model(path: Path) -> ir.Model:
    """Read a model and check that it is whole.

    Raises:
        RunError: there is no such file, or it may not be read.
        VerificationError: it is truncated or no ONNX model, or its external data is.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}", "give the path of an exported model.onnx") from error
    try:
        model = ir.load(path)
    except Exception as error:
        raise VerificationError(f"{path} is truncated or no ONNX model: {error}", _EXPORT_AGAIN) from error
    check_data(model)
    try:
        check_file(path)
    except ExportError as error:
        raise VerificationError(f"{path}: {error.message}", _EXPORT_AGAIN) from error
    return model


def check_interface(
    model: ir.Model, inputs: Sequence[InputSpec], outputs: Sequence[str], sizes: Mapping[str, int] | None = None
) -> None:
    """Compare names, then dtypes, then dimensions of inputs and outputs.

    Args:
        model: read from a file.
        inputs: what it should take.
        outputs: names of what it should give.
        sizes: name of a dimension -> the number that should stand in its place.

    Raises:
        VerificationError: they differ; all differences of the first kind that has any are listed.
    """
    sizes = sizes or {}
    wanted: dict[str, dict[str, tuple[Any, ...]]] = {
        "input": {spec.name: (onnx_dtype(spec), [sizes.get(dim, dim) for dim in spec.dims]) for spec in inputs},
        "output": {name: (ir.DataType.FLOAT, [sizes.get(BATCH, BATCH), 1]) for name in outputs},
    }
    found: dict[str, dict[str, tuple[Any, ...]]] = {
        kind: {str(value.name): (value.dtype, _dims(value)) for value in values}
        for kind, values in (("input", model.graph.inputs), ("output", model.graph.outputs))
    }
    problems = []
    for kind in wanted:
        problems += [f"{kind} '{name}' is missing" for name in wanted[kind] if name not in found[kind]]
        problems += [f"{kind} '{name}' is not of this model" for name in found[kind] if name not in wanted[kind]]
    _raise(problems)
    for index, what in enumerate(("dtype", "dimensions")):
        _raise(
            f"{kind} '{name}' has {what} {_shown(found[kind][name][index])} instead of {_shown(expected[index])}"
            for kind in wanted
            for name, expected in wanted[kind].items()
            if found[kind][name][index] != expected[index]
        )


def _dims(value: ir.Value) -> list[int | str | None]:
    return [] if value.shape is None else [dim if isinstance(dim, int) else dim.value for dim in value.shape]


def _shown(what: object) -> str:
    return what.name.lower() if isinstance(what, ir.DataType) else str(what)


def _raise(problems: Iterable[str]) -> None:
    lines = list(problems)
    if lines:
        raise VerificationError(
            "the ONNX model does not have the model's inputs and outputs:\n  " + "\n  ".join(lines), _EXPORT_AGAIN
        )
