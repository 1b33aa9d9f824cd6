"""What a plugin declares about one component, without importing it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Component:
    """One component that a plugin provides.

    Args:
        kind: the slot it fills, one of `bstkit.contracts.KINDS`.
        name: the idea in snake_case, without the kind.
        target: `"module:Class"` of a Keras layer, imported when the component is selected.
        summary: one line for `bstkit list`.
        reference: paper or DeepCTR layer, for `bstkit show`.
        requires: what the composition must grant, a subset of `bstkit.contracts.REQUIREMENTS`.
        contract: version of the contract that it was written for.
    """

    kind: str
    name: str
    target: str
    summary: str
    reference: str = ""
    requires: frozenset[str] = field(default_factory=frozenset)
    contract: int = 1

    @property
    def key(self) -> str:
        """`kind.name`, by which selections name it."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True)
class GraphPass:
    """A rewrite of the exported graph that a plugin provides.

    It comes after the built-in passes, and gives what it adds a name of its own. Behind it, what nothing reads any
    more is taken out, weights too, nodes are put in order, and shapes and dtypes are inferred.

    Args:
        name: the idea in snake_case; shown when a pass breaks the tolerance.
        target: `"module:function"`, called as `function(model)` with an `onnx_ir.Model` that it edits in place.
        summary: one line for `bstkit plugins`.
    """

    name: str
    target: str
    summary: str
