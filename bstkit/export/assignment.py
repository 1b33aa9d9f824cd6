"""Which execution provider ran which node, from ONNX Runtime's own profile."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bstkit.errors import RunError

_KERNEL = "_kernel_time"
_COPIES = ("MemcpyFromHost", "MemcpyToHost")
"""What ONNX Runtime puts into a graph where a value goes from one device to another."""


@dataclass(frozen=True)
class NodeRun:
    """One node that ran.

    Args:
        name: of the node in the optimised graph; fused nodes have names of their own.
        operation: its operation.
        provider: what ran it, as its engine calls it: `"CPUExecutionProvider"`.
    """

    name: str
    operation: str
    provider: str


def read_profile(session: Any) -> tuple[NodeRun, ...]:
    """End the profile of a session that has run, delete its file, and return each node that ran once, in order.

    Raises:
        RunError: the profile could not be written as a whole.
    """
    profile = Path(session.end_profiling())
    try:
        events = json.loads(profile.read_text())
    except ValueError as error:
        raise RunError(
            f"ONNX Runtime's profile in {profile.parent} was cut short", "make room there, or set TMPDIR"
        ) from error
    profile.unlink()
    ran = (
        NodeRun(event["name"].removesuffix(_KERNEL), event["args"].get("op_name", ""), event["args"]["provider"])
        for event in events
        if event.get("cat") == "Node" and event.get("args", {}).get("provider")
    )
    return tuple(dict.fromkeys(ran))


def count_by_provider(nodes: Iterable[NodeRun]) -> dict[str, int]:
    """Provider -> nodes that it ran."""
    return dict(Counter(node.provider for node in nodes))


def count_copies(nodes: Iterable[NodeRun]) -> int:
    """Nodes that do nothing but copy a value between devices."""
    return sum(node.operation in _COPIES for node in nodes)
