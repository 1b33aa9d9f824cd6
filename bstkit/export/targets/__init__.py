"""What an exported file is made for: one module a target, one row here.

`portable` is the graph as the passes leave it. Every other target starts from it, and is verified like it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.errors import VerificationError
from bstkit.export import TargetName
from bstkit.export.targets.edge import fix_shapes
from bstkit.export.targets.ort_file import ORT, write_ort

METADATA = "bstkit.target"
"""Key in `metadata_props`."""


@dataclass(frozen=True)
class Target:
    """One target.

    Args:
        summary: one line.
        rewrite: edits the finished graph in place; None leaves it as it is.
        domains: domains of operations that its graphs may use beside ai.onnx.
        fixed_shapes: its graphs take one batch and one length of each history.
        write_beside: writes further files beside a written `model.onnx`.
        runs_beside: suffixes, in place of `.onnx`, of those that ONNX Runtime loads; each is verified, too.
    """

    summary: str
    rewrite: Callable[[ir.Model, Composed], None] | None = None
    domains: frozenset[str] = field(default_factory=frozenset)
    fixed_shapes: bool = False
    write_beside: Callable[[Path], None] | None = None
    runs_beside: tuple[str, ...] = ()


TARGETS: dict[TargetName, Target] = {
    "portable": Target("any engine that runs ai.onnx"),
    "edge": Target(
        "devices: fixed shapes, and an .ort file",
        rewrite=fix_shapes,
        fixed_shapes=True,
        write_beside=write_ort,
        runs_beside=(ORT,),
    ),
}


def target_of(model: ir.Model) -> TargetName:
    """What a file says it was made for.

    Raises:
        VerificationError: it names no target.
    """
    name = model.metadata_props.get(METADATA, "portable")
    for target in TARGETS:
        if target == name:
            return target
    raise VerificationError(
        f"the file says that it was made for '{name}'; there are {', '.join(TARGETS)}", "export the run again"
    )


def fit_to_target(model: ir.Model, composed: Composed) -> None:
    """Rewrite a finished graph for the target that `[export]` names, and note it in the metadata."""
    name = composed.selection.export.target
    rewrite = TARGETS[name].rewrite
    if rewrite is not None:
        rewrite(model, composed)
    model.metadata_props[METADATA] = name
