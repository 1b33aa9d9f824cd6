"""What checking one component gave."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["passed", "broken", "expected", "unexpected", "not applicable"]

GOOD: tuple[State, ...] = ("passed", "expected", "not applicable")
"""States of a rule that do not count against the component."""


@dataclass(frozen=True)
class Outcome:
    """One rule, checked.

    Args:
        rule: its name.
        state: `"expected"`: broken, as was said beforehand; `"unexpected"`: said to be broken, and it is not.
        evidence: what was seen; why it is not applicable; the reason that was given for an expected failure.
        cause: the likely cause of what is broken.
    """

    rule: str
    state: State
    evidence: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Cost:
    """The component in a small model's graph, beside the reference component of its kind in the same model.

    Args:
        nodes: of the whole graph.
        own_nodes: of the component.
        reference: the reference component; empty where the kind has none to compare with, or it is this one.
        reference_nodes: of the graph with it.
        time_ratio: time of ONNX Runtime for the graph, divided by that for the reference's, both in this run.
    """

    nodes: int
    own_nodes: int
    reference: str = ""
    reference_nodes: int | None = None
    time_ratio: float | None = None


@dataclass(frozen=True)
class ComponentReport:
    """One component, checked.

    Args:
        key: `kind.name`.
        provider: distribution and version.
        outcomes: one a rule, in order.
        cost: of its graph; None where it was not exported.
    """

    key: str
    provider: str
    outcomes: tuple[Outcome, ...]
    cost: Cost | None = None

    @property
    def passed(self) -> bool:
        """Whether no rule counts against it, and one was checked at least: nothing passes by not running."""
        states = {outcome.state for outcome in self.outcomes}
        return states <= set(GOOD) and bool(states - {"not applicable"})

    @property
    def counts(self) -> Counter[State]:
        """State -> number of rules."""
        return Counter(outcome.state for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {**asdict(self), "passed": self.passed, "counts": dict(self.counts)}
