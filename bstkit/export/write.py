"""Write a model to disk: one file below protobuf's limit, external data past it, whole or not at all."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import onnx
import onnx_ir as ir

from bstkit.errors import ExportError
from bstkit.export.external_data import moved_to
from bstkit.staging import partial_folder

PROTOBUF_LIMIT = 2**31 - 1
"""Bytes that one protobuf message can hold."""

_GRAPH_RESERVE = 2**24
"""Bytes left for nodes and names."""

_STRING_OVERHEAD, _LARGEST_VARINT = 6, 11
"""Bytes that protobuf takes at most for a string beside its text, and for an int64."""


class InvalidGraphError(ExportError):
    """What was written is no valid ONNX."""


def write_model(model: ir.Model, path: Path, limit: int = PROTOBUF_LIMIT) -> None:
    """Write and check a model. Weights are read one after the other, as they are written.

    Args:
        model: the finished model.
        path: `<folder>/model.onnx`; with external data `<folder>/model.onnx.data` comes beside it.
        limit: bytes past which weights become external data.

    Raises:
        ExportError: the vocabularies alone are past protobuf's limit, or the checker refuses what was written
            (`InvalidGraphError`). Nothing is left behind.
    """
    inline = _attribute_bytes(model) + _GRAPH_RESERVE
    if inline > PROTOBUF_LIMIT:
        raise ExportError(
            f"the vocabularies inside the graph take {inline:,} bytes, and a model holds {PROTOBUF_LIMIT:,} beside its "
            "weights",
            "export with encoded ids: --ids encoded",
        )
    size = sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)
    data = f"{path.name}.data" if size + inline > limit else None
    with partial_folder(path.parent / path.name) as folder:
        with moved_to(model, folder / data) if data is not None else nullcontext():
            ir.save(model, folder / path.name)
        check_file(folder / path.name)
        # The data first: a model without its data would look whole.
        for name in (data, path.name):
            if name is not None:
                os.replace(folder / name, path.parent / name)


def _attribute_bytes(model: ir.Model) -> int:
    """Bytes of the long attributes, which cannot leave the file: the vocabularies of raw ids."""
    total = 0
    for attribute in (one for node in model.graph.all_nodes() for one in node.attributes.values()):
        if attribute.type == ir.AttributeType.STRINGS:
            total += sum(len(text.encode()) + _STRING_OVERHEAD for text in attribute.as_strings())
        elif attribute.type == ir.AttributeType.INTS:
            total += _LARGEST_VARINT * len(attribute.as_ints())
    return total


def check_file(path: Path) -> None:
    """Run onnx.checker with full shape inference on a file.

    Raises:
        InvalidGraphError: the file breaks a rule of ONNX.
    """
    inferred = path.with_suffix(".inferred")
    try:
        onnx.checker.check_model(path, full_check=True)
        # The checker's own inference does not propagate shapes that are computed in the graph.
        onnx.shape_inference.infer_shapes_path(path, inferred, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise InvalidGraphError(
            f"onnx.checker refuses the written model: {error}", "see the layer that it names"
        ) from error
    finally:
        inferred.unlink(missing_ok=True)
