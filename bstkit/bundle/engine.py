"""What it takes to run a file: an engine opens it, and what it opened takes inputs and gives outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bstkit.export.assignment import NodeRun

ONNX_RUNTIME = "ONNX Runtime"


class Session(Protocol):
    """A file that an engine has opened."""

    def run(self, names: Sequence[str], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Score inputs; output name -> array."""

    def nodes(self) -> tuple[NodeRun, ...]:
        """The nodes that ran, and where; asked once, after the first run.

        Raises:
            ProviderError: what was asked for ran none of them.
        """


@dataclass(frozen=True)
class Way:
    """One way to run a file.

    Args:
        engine: its name, for messages.
        provider: where it runs.
        level: how the engine treats the graph: ONNX Runtime's optimisation level.
        open: makes a session of a file; the second folder is for files that are gone afterwards.
    """

    engine: str
    provider: str
    level: str
    open: Callable[[Path, Path], Session]
