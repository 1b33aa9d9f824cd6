"""`model.ort`, the form that reduced builds of ONNX Runtime load, and the list of operators that such a build needs.

It is optimised once, when it is written, and never when it is loaded, so the level decides where it runs. `basic` is
taken: rewrites among ai.onnx operations that hold on every machine. `extended` puts operations in that NNAPI and CoreML
do not know and that a reduced build would have to carry; `all` lays weights out for the CPU at hand.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx_ir as ir

from bstkit.errors import ExportError, VerificationError
from bstkit.export.providers import optimise
from bstkit.export.targets.ort_tools import tools_contained

LEVEL = "basic"
ORT, CONFIG = ".ort", ".required_operators.config"
"""Suffixes that take the place of `.onnx`."""

LOWEST_ONNXRUNTIME = {"6": "1.16"}
"""Version of the format -> the lowest ONNX Runtime that loads it."""

Operators = Mapping[str, Mapping[int, set[str]]]
"""Domain -> opset from which an operation has its form -> operations."""


def write_ort(model: Path) -> None:
    """Write `model.ort` and `model.required_operators.config` beside `model.onnx`.

    Raises:
        ExportError: the model is past 2 GB, which one such file cannot hold, or ONNX Runtime cannot convert it.
    """
    if model.with_name(f"{model.name}.data").exists():
        raise ExportError("the model is past 2 GB, and an .ort file holds less", "use --target portable")
    ort = model.with_suffix(ORT)
    try:
        optimise(model, ort, LEVEL)
    except Exception as error:  # ONNX Runtime raises types of its own
        raise ExportError(f"ONNX Runtime cannot write {ort.name}: {error}", "use --target portable") from error
    lines = [f"# operators of {ort.name}, for a reduced build: --include_ops_by_config", *_lines(read_ort(ort)[1])]
    model.with_suffix(CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_ort(ort: Path) -> tuple[str, Operators]:
    """The version of a file's format, and the operators that it needs."""
    with tools_contained():
        from onnxruntime.tools.ort_format_model import OrtFormatModelProcessor

        schema: Any = sys.modules["ort_flatbuffers_py.fbs"].InferenceSession.InferenceSession
        found: dict[str, dict[int, set[str]]] = {}
        OrtFormatModelProcessor(str(ort), found, None).process()
        version = schema.GetRootAsInferenceSession(bytearray(ort.read_bytes()), 0).OrtVersion().decode()
    return version, found


def ort_as_onnx(ort: Path) -> ir.Model:
    """The graph of a file, to be looked at."""
    with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
        path = Path(folder) / "model.onnx"
        optimise(ort, path, "disable")
        return ir.load(path)


def check_config(model: Path) -> None:
    """Check that the list of operators is that of the `.ort` file.

    Raises:
        VerificationError: it is missing, or lists others.
    """
    config = model.with_suffix(CONFIG)
    listed = config.read_text(encoding="utf-8").splitlines() if config.is_file() else []
    if [line for line in listed if not line.startswith("#")] != _lines(read_ort(model.with_suffix(ORT))[1]):
        raise VerificationError(
            f"{config} does not list the operators of {model.with_suffix(ORT).name}", "export the run again"
        )


def _lines(operators: Operators) -> list[str]:
    """Lines of a config file as ONNX Runtime's build reads them."""
    return [
        f"{domain};{opset};{','.join(sorted(names))}"
        for domain, by_opset in sorted(operators.items())
        for opset, names in sorted(by_opset.items())
    ]
