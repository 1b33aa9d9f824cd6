"""Export the small model around one component, and keep what the rules ask of its file."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import onnx

from bstkit.config.selection import Use
from bstkit.inputs import InputSpec
from bstkit.registry import Registry
from bstkit.testing.moved import move_weights
from bstkit.testing.tiny_model import compose_tiny_model

if TYPE_CHECKING:
    from bstkit.export.report import Report


@dataclass(frozen=True)
class Exported:
    """A small model's verified file.

    Args:
        report: what verification measured.
        inputs: of the file.
        model: the file's bytes.
        own_operations: operation -> how many nodes the component has.
    """

    report: Report
    inputs: tuple[InputSpec, ...]
    model: bytes
    own_operations: Counter[str]


def export_tiny_model(use: Use, registry: Registry) -> Exported:
    """Compose, export and verify.

    Raises:
        BstkitError: one of them fails.
    """
    from bstkit.export import export

    keras.utils.set_random_seed(0)
    composed = compose_tiny_model(use, registry)
    move_weights(composed.serving)
    with tempfile.TemporaryDirectory(prefix="bstkit-check-") as folder:
        report = export(composed, Path(folder) / "bundle")
        content = (Path(folder) / "bundle" / "model.onnx").read_bytes()
    own = next(step.layer for step in composed.steps if step.use.key == use.key)
    nodes = _nodes(onnx.load_from_string(content).graph)
    return Exported(
        report,
        composed.inputs,
        content,
        Counter(node.op_type for node in nodes if node.name.startswith(f"{own}/") or node.name == own),
    )


def _nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph and of the bodies inside it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _nodes(attribute.g)
