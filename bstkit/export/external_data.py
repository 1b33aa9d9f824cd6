"""Weights beside the file: written in a stream; the file states their size and SHA-256, which are checked before use.

onnx.checker passes a truncated data file, and ONNX Runtime reads whatever bytes stand there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx_ir as ir

from bstkit.errors import VerificationError

SMALLEST_EXTERNAL = 1024
"""Bytes from which a tensor becomes external data. Shape constants must stay in the file: ONNX Runtime refuses
external ones.
"""

_SHA256, _BYTES = "bstkit.sha256.", "bstkit.bytes."
"""Keys in `metadata_props`, before the name of the data file."""

_EXPORT_AGAIN = "export the run again; model.onnx and its data must come from the same export"


@contextmanager
def moved_to(model: ir.Model, data: Path) -> Iterator[None]:
    """Write a model's weights to a data file and let the model refer to it, for as long as the block runs.

    Args:
        model: its weights are read one after the other.
        data: the new file; the model is to be written beside it.
    """
    values = [value for graph in model.graphs() for value in graph.initializers.values()]
    tensors = [value.const_value for value in values]
    stated = {}
    try:
        ir.external_data.unload_from_model(model, data.parent, data.name, size_threshold_bytes=SMALLEST_EXTERNAL)
        stated = {_SHA256 + data.name: _sha256(data), _BYTES + data.name: str(data.stat().st_size)}
        model.metadata_props.update(stated)
        yield
    finally:
        for value, tensor in zip(values, tensors, strict=True):
            value.const_value = tensor
        for key in stated:
            del model.metadata_props[key]


def check_data(model: ir.Model) -> None:
    """Check the data files of a model that was read from a file: first their sizes, then their digests.

    Raises:
        VerificationError: one is missing, truncated or was changed.
    """
    ends: dict[Path, int] = {}
    for tensor in (value.const_value for graph in model.graphs() for value in graph.initializers.values()):
        if isinstance(tensor, ir.ExternalTensor):
            data, end = Path(tensor.path), (tensor.offset or 0) + (tensor.length or tensor.nbytes)
            ends[data] = max(end, ends.get(data, 0))
    for data, end in ends.items():
        # Files of other exporters state nothing; of those, the tensors tell how much is needed.
        size, digest = (model.metadata_props.get(key + data.name) for key in (_BYTES, _SHA256))
        _check_size(data, int(size) if size and size.isdecimal() else end, exact=size is not None)
        if digest is not None and _sha256(data) != digest:
            raise VerificationError(f"{data} was changed: its SHA-256 is not what the model states", _EXPORT_AGAIN)


def _check_size(data: Path, wanted: int, exact: bool) -> None:
    if not data.is_file():
        raise VerificationError(f"{data} is missing: the model keeps its weights there", _EXPORT_AGAIN)
    size = data.stat().st_size
    if size < wanted:
        raise VerificationError(f"{data} is truncated: it has {size:,} of {wanted:,} bytes", _EXPORT_AGAIN)
    if exact and size > wanted:
        raise VerificationError(f"{data} was changed: it has {size:,} bytes instead of {wanted:,}", _EXPORT_AGAIN)


def _sha256(path: Path) -> str:
    """The digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
