"""What the report says of a file for devices, beside what it says of every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bstkit.export.report import Edge
from bstkit.export.targets.mobile import mobile_usability
from bstkit.export.targets.ort_file import LEVEL, LOWEST_ONNXRUNTIME, ORT, check_config, read_ort


def edge_facts(model: Path, sizes: Mapping[str, int], cut: Sequence[str], runtime: str) -> Edge:
    """Read them.

    Args:
        model: `model.onnx`; `model.ort` and its list of operators lie beside it.
        sizes: name of each dimension -> its number.
        cut: cases with longer histories than the file takes.
        runtime: version of the ONNX Runtime that is installed, which loads what it writes.

    Raises:
        VerificationError: the list is missing, or lists others than the operators of `model.ort`.
    """
    check_config(model)
    ort = model.with_suffix(ORT)
    version, _ = read_ort(ort)
    return Edge(
        sizes=dict(sizes),
        cut=tuple(cut),
        ort=ort.name,
        bytes=ort.stat().st_size,
        level=LEVEL,
        format=version,
        lowest_onnxruntime=LOWEST_ONNXRUNTIME.get(version, runtime),
        usability=mobile_usability(model),
    )
