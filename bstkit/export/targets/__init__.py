"""What an exported file is made for: one module a target, one row here.

`portable` is the graph as the passes leave it. Every other target starts from it, and is verified like it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.export import TargetName
from bstkit.export.targets import onnxruntime

METADATA = "bstkit.target"
"""Key in `metadata_props`."""


@dataclass(frozen=True)
class Target:
    """One target.

    Args:
        summary: one line.
        rewrite: edits the finished graph in place; None leaves it as it is.
        domains: domains of operations that its graphs may use beside ai.onnx.
    """

    summary: str
    rewrite: Callable[[ir.Model, Composed], None] | None = None
    domains: frozenset[str] = field(default_factory=frozenset)


TARGETS: dict[TargetName, Target] = {
    "portable": Target("any engine that runs ai.onnx"),
    "onnxruntime": Target("ONNX Runtime on a CPU, with its own operations", onnxruntime.rewrite, onnxruntime.DOMAINS),
}


def target_of(model: ir.Model) -> str:
    """What a file was made for."""
    return model.metadata_props.get(METADATA, "portable")


def fit_to_target(model: ir.Model, composed: Composed) -> None:
    """Rewrite a finished graph for the target that `[export]` names, and note it in the metadata."""
    name = composed.selection.export.target
    rewrite = TARGETS[name].rewrite
    if rewrite is not None:
        rewrite(model, composed)
    model.metadata_props[METADATA] = name
