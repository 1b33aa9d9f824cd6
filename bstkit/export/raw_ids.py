"""Vocabularies inside the graph: one `ai.onnx.ml` LabelEncoder before each id input, so that a caller sends raw ids.

Everything behind them is the graph that takes encoded ids, unchanged. LabelEncoder-2 is in every ONNX Runtime that
loads opset 17, so the lowest version stays what the opset asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir

from bstkit.config.features import FIRST_ID, OOV_ID, PAD_ID
from bstkit.export.id_keys import PADDING_KEYS, Keys
from bstkit.inputs import InputSpec

DOMAIN = "ai.onnx.ml"
OPSET = 2
"""Opset of `ai.onnx.ml` whose LabelEncoder maps string and int64 to int64."""

_METADATA = "bstkit.ids"
_OF_OTHER_VALUES = frozenset({"default_float", "default_string"})
"""Attributes that say nothing where values are int64; ONNX Runtime adds them to what it writes."""

_DTYPES = {"string": ir.DataType.STRING, "int64": ir.DataType.INT64}


def takes_raw_ids(model: ir.Model) -> bool:
    """Whether a file says that it takes raw ids."""
    return model.metadata_props.get(_METADATA) == "raw"


def is_encoder(node: ir.Node) -> bool:
    """Whether a node is a vocabulary."""
    return node.domain == DOMAIN and node.op_type == "LabelEncoder"


def put_vocabularies(model: ir.Model, inputs: Sequence[InputSpec], keys: Mapping[str, Keys]) -> None:
    """Let a finished graph take raw ids, in place.

    Each id input keeps its name and dimensions and gets its keys' dtype; a LabelEncoder and a Cast to int32 stand
    between it and what it fed. `metadata_props` says so: `bstkit.ids` is `raw`, `bstkit.ids.<space>` the dtype of a
    space's keys, `bstkit.padding_key.<dtype>` the key that means padding.

    Args:
        model: takes encoded ids; its names are final.
        inputs: the model's inputs, in order.
        keys: id space -> its keys.
    """
    encoded = {str(value.name): value for value in model.graph.inputs}
    model.graph.inputs.clear()
    nodes: list[ir.Node] = []
    for spec in inputs:
        value = encoded[spec.name]
        if spec.space is not None:
            value = _raw_input(value, spec, keys[spec.space], nodes)
        model.graph.inputs.append(value)
    for before in list(model.graph)[:1]:
        model.graph.insert_before(before, nodes)
    model.opset_imports[DOMAIN] = OPSET
    model.metadata_props[_METADATA] = "raw"
    for space, found in keys.items():
        model.metadata_props[f"{_METADATA}.{space}"] = found.dtype
    for dtype in sorted({found.dtype for found in keys.values()}):
        model.metadata_props[f"bstkit.padding_key.{dtype}"] = str(PADDING_KEYS[dtype])


def changed_keys(model: ir.Model, inputs: Sequence[InputSpec], keys: Mapping[str, Keys]) -> list[str]:
    """What the vocabularies inside a file say otherwise than `keys`, one line an input.

    Cases read only some keys of a large vocabulary; this reads them all.
    """
    values = {value.name: value for value in model.graph.inputs}
    lines = []
    for spec in inputs:
        if spec.space is None:
            continue
        # An input that no layer reads has no vocabulary either.
        for node, _ in values[spec.name].uses():
            line = _change(node, keys[spec.space]) if is_encoder(node) else f"goes into {node.op_type} '{node.name}'"
            if line:
                lines.append(f"input '{spec.name}': {line}")
    return lines


def _raw_input(value: ir.Value, spec: InputSpec, keys: Keys, nodes: list[ir.Node]) -> ir.Value:
    """The input that takes the place of an encoded one, and on `nodes` what stands between them."""
    raw = ir.Value(name=spec.name, shape=value.shape, type=ir.TensorType(_DTYPES[keys.dtype]))
    if not value.uses():
        return raw
    name = f"{spec.name}/LabelEncoder"
    encoder = ir.node("LabelEncoder", [raw], _attributes(keys), domain=DOMAIN, name=name)
    # LabelEncoder gives int64 only; every layer was converted for int32.
    cast = ir.node("Cast", encoder.outputs, {"to": ir.DataType.INT32.value}, name=f"{name}/Cast")
    for node, dtype in ((encoder, ir.DataType.INT64), (cast, ir.DataType.INT32)):
        output = node.outputs[0]
        output.name, output.shape, output.type = node.name, value.shape, ir.TensorType(dtype)
    ir.convenience.replace_all_uses_with(value, cast.outputs[0])
    nodes += [encoder, cast]
    return raw


def _attributes(keys: Keys) -> dict[str, Any]:
    """The padding key first, then the keys in the order of their ids."""
    ids = [PAD_ID, *range(FIRST_ID, FIRST_ID + len(keys.values))]
    return {f"keys_{keys.dtype}s": [keys.padding, *keys.values], "values_int64s": ids, "default_int64": OOV_ID}


def _change(node: ir.Node, keys: Keys) -> str:
    """The first key of a LabelEncoder that has another id than it should; empty where all are right."""
    wanted = _attributes(keys)
    found = {key: attribute.value for key, attribute in node.attributes.items() if key not in _OF_OTHER_VALUES}
    if found.keys() != wanted.keys() or found["default_int64"] != OOV_ID:
        return f"its vocabulary has {', '.join(sorted(found))} of other kinds or default"
    name = f"keys_{keys.dtype}s"
    there = dict(zip(found[name], found["values_int64s"], strict=False))
    for key, number in zip(wanted[name], wanted["values_int64s"], strict=True):
        if there.pop(key, OOV_ID) != number:
            return f"its vocabulary does not give key {key!r} the id {number}"
    return f"its vocabulary has {len(there)} keys more, such as {next(iter(there))!r}" if there else ""
