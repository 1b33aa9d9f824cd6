"""What an exported graph looks like from outside, and the rules that it keeps inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import onnx_ir as ir

from bstkit.errors import ExportError
from bstkit.export.raw_ids import is_encoder, takes_raw_ids
from bstkit.inputs import BATCH, InputSpec

IR_VERSION = 8
LOWEST = "bstkit.lowest_onnxruntime"
"""Key in `metadata_props`: the lowest ONNX Runtime that loads the file."""

LOWEST_ONNXRUNTIME = {17: "1.12", 18: "1.14"}
"""Opset -> the lowest ONNX Runtime that loads it."""


def state_contract(
    model: ir.Model, inputs: Sequence[InputSpec], outputs: Sequence[str], metadata: dict[str, str]
) -> None:
    """Give the model its fixed names, dtypes and dimensions, versions and metadata, in place.

    Args:
        model: its inputs and outputs have their names already.
        inputs: the inputs, in the order that the file keeps.
        outputs: names of the outputs of `(batch, 1)`; others are taps and left alone.
        metadata: key -> value, kept in the file under `bstkit.<key>`.
    """
    by_name = {value.name: value for value in model.graph.inputs}
    model.graph.inputs.clear()
    for spec in inputs:
        value = by_name.get(spec.name) or ir.Value(name=spec.name)
        value.shape = ir.Shape(spec.dims)
        value.type = ir.TensorType(onnx_dtype(spec))
        model.graph.inputs.append(value)
    for value in model.graph.outputs:
        if value.name in outputs:
            value.shape = ir.Shape((BATCH, 1))
            value.type = ir.TensorType(ir.DataType.FLOAT)
    model.ir_version = IR_VERSION
    model.graph.name = metadata.get("recipe", "bstkit")
    model.producer_name, model.producer_version = "bstkit", metadata.get("version", "")
    opset = model.opset_imports[""]
    model.opset_imports.clear()
    model.opset_imports[""] = opset
    for key, text in {**metadata, "opset": str(opset), "lowest_onnxruntime": LOWEST_ONNXRUNTIME[opset]}.items():
        model.metadata_props[f"bstkit.{key}"] = text


def onnx_dtype(spec: InputSpec) -> ir.DataType:
    """ONNX's dtype of an input."""
    if spec.dtype == "string":
        return ir.DataType.STRING
    return ir.DataType.from_numpy(np.dtype(spec.dtype))


class NotPortableError(ExportError):
    """A graph holds what runs slowly, or not everywhere."""


def check_rules(model: ir.Model, domains: Collection[str] = ()) -> None:
    """Check that a finished graph is portable.

    Args:
        model: the graph.
        domains: operations of these are allowed beside ai.onnx, and beside the vocabularies of raw ids.

    Raises:
        NotPortableError: it has an operation of another domain, a Loop, a float64, or a dimension of an input or output
            without a name; every breach is listed with the layer that it comes from.
    """
    problems = []
    raw = takes_raw_ids(model)
    for node in model.graph.all_nodes():
        if node.domain not in ("", "ai.onnx", *domains) and not (raw and is_encoder(node)):
            problems.append(f"{node.name}: {node.domain}.{node.op_type} is not an ai.onnx operation")
        if node.op_type == "Loop":
            problems.append(f"{node.name}: Loop is slow and not portable")
        if any(value.dtype == ir.DataType.DOUBLE for value in node.outputs):
            problems.append(f"{node.name}: {node.op_type} gives float64")
    problems.extend(
        f"initializer {name}: float64"
        for name, value in model.graph.initializers.items()
        if value.dtype == ir.DataType.DOUBLE
    )
    for value in (*model.graph.inputs, *model.graph.outputs):
        dims = value.shape.dims if value.shape is not None else (None,)
        if not all(isinstance(dim, int) or (dim is not None and dim.value) for dim in dims):
            problems.append(f"{value.name}: a dimension has no name")
    if problems:
        raise NotPortableError(
            "the graph breaks the rules of a portable model:\n  " + "\n  ".join(problems),
            "give the layer that is named a `to_onnx` without them (bstkit.export.lowerings says how)",
        )


def count_operations(model: ir.Model) -> dict[str, int]:
    """Operation -> number of nodes, the most frequent first; bodies of Scan and If included."""
    return dict(Counter(node.op_type for node in model.graph.all_nodes()).most_common())
