"""ONNX Runtime as an engine: one way for each execution provider and optimisation level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bstkit.bundle.engine import ONNX_RUNTIME, Way
from bstkit.export.assignment import NodeRun
from bstkit.export.providers import LEVELS, make_session, nodes_that_ran


def onnxruntime_ways(providers: Sequence[str], levels: Sequence[str] = tuple(LEVELS)) -> tuple[Way, ...]:
    """Every provider at every level, by their short names."""
    return tuple(
        Way(ONNX_RUNTIME, provider, level, partial(OnnxRuntimeSession, provider=provider, level=level))
        for provider in providers
        for level in levels
    )


class OnnxRuntimeSession:
    """A session of ONNX Runtime that is profiled until its nodes are asked for.

    Args:
        path: the model.
        scratch: where the profile lies.
        provider, level: short names.

    Raises:
        ProviderError: ONNX Runtime fell back to another provider.
    """

    def __init__(self, path: Path, scratch: Path, *, provider: str, level: str) -> None:
        self._provider = provider
        self._session = make_session(path, provider, level, scratch / "profile")

    def run(self, names: Sequence[str], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Score inputs; output name -> array."""
        return dict(zip(names, self._session.run(list(names), dict(inputs)), strict=True))

    def nodes(self) -> tuple[NodeRun, ...]:
        """The nodes that ran, and where."""
        return nodes_that_ran(self._session, self._provider)


[BESIDE] = onnxruntime_ways(("cpu",), ("all",))
"""How files beside a model run: they are for devices, and were optimised when they were written."""
