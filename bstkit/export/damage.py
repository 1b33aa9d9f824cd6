"""Tell what was changed in a file, by comparing it with a graph that is exported anew from the Keras model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

_MOST_SHOWN = 8
"""Elements up to which an attribute is shown whole; of a longer one, such as a vocabulary, the first that differs."""

_MOST_TEXT = 200


def find_damage(model: ir.Model, fresh: ir.Model) -> list[str]:
    """What differs in a file from a fresh export, one line each.

    Args:
        model: read from the file.
        fresh: assembled from the Keras model; its weights are read now. Nodes and weights have the same names in both,
            as long as both were written by the same version.

    Returns:
        Nothing where they are the same; then what differs is the conversion itself.
    """
    return [*_weights(model, fresh), *_nodes(model, fresh)]


def _weights(model: ir.Model, fresh: ir.Model) -> list[str]:
    lines = []
    for name, value in fresh.graph.initializers.items():
        found = model.graph.initializers.get(name)
        if found is None or found.const_value is None or value.const_value is None:
            lines.append(f"'{name}' is missing")
        elif found.dtype != value.dtype or found.shape != value.shape:
            lines.append(f"'{name}' is {found.dtype} {found.shape} instead of {value.dtype} {value.shape}")
        else:
            ours, theirs = value.const_value.numpy(), found.const_value.numpy()
            changed = np.argwhere((ours != theirs) & ~((ours != ours) & (theirs != theirs)))  # NaN equals NaN here
            if len(changed):
                index = tuple(changed[0])
                where = [int(i) for i in index]
                lines.append(f"'{name}' is {theirs[index]:g} at {where} instead of {ours[index]:g}")
    return lines


def _nodes(model: ir.Model, fresh: ir.Model) -> list[str]:
    found = {node.name: node for node in model.graph}
    lines = []
    for node in fresh.graph:
        other = found.pop(node.name, None)
        if other is None:
            lines.append(f"node '{node.name}' is missing")
        elif other.op_type != node.op_type:
            lines.append(f"node '{node.name}' is {other.op_type} instead of {node.op_type}")
        else:
            lines += _attributes(node, other)
            if [value and value.name for value in node.inputs] != [value and value.name for value in other.inputs]:
                lines.append(f"node '{node.name}' reads other inputs")
    return lines + [f"node '{name}' was added" for name in found]


def _attributes(node: ir.Node, other: ir.Node) -> list[str]:
    lines = []
    for key in sorted({*node.attributes, *other.attributes}):
        ours, theirs = (side.attributes[key].value if key in side.attributes else None for side in (node, other))
        if isinstance(ours, float) and isinstance(theirs, float):
            ours, theirs = float(np.float32(ours)), float(np.float32(theirs))  # the file holds float32
        if isinstance(ours, ir.Graph) or str(ours) == str(theirs):
            continue
        if isinstance(ours, Sequence) and isinstance(theirs, Sequence) and len(ours) == len(theirs) > _MOST_SHOWN:
            place = next(i for i, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
            key, ours, theirs = f"{key}[{place}]", repr(ours[place]), repr(theirs[place])
        lines.append(f"node '{node.name}' has {key} {_short(theirs)} instead of {_short(ours)}")
    return lines


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}..."
