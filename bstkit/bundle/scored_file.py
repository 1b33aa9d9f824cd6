"""One file on one execution provider at one optimisation level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bstkit.bundle.vectors import Arrays, Piece
from bstkit.export.providers import make_session, nodes_by_provider


class ScoredFile:
    """Scores rows, and proves that the provider did the work.

    Args:
        path: `model.onnx` or `model.ort`.
        provider, level: as for `bstkit.export.providers.make_session`.
        scratch: a folder for the profile.

    Raises:
        ProviderError: ONNX Runtime fell back to another provider.
    """

    def __init__(self, path: Path, provider: str, level: str, scratch: Path) -> None:
        self._provider = provider
        self._session = make_session(path, provider, level, scratch / "profile")
        self.nodes: dict[str, int] = {}
        """ONNX Runtime's provider -> nodes that it ran; empty until rows were scored."""

    def score(self, pieces: Sequence[Piece], outputs: Sequence[str]) -> Arrays:
        """Output -> scores of all pieces, without those of padding.

        Raises:
            ProviderError: the provider that was asked for ran no node.
        """
        parts = []
        for piece in pieces:
            scores = self._session.run(list(outputs), piece.inputs)
            if not self.nodes:  # one run tells; a profile of a thousand would be large
                self.nodes = nodes_by_provider(self._session, self._provider)
            parts.append(scores if piece.rows is None else [one[: piece.rows] for one in scores])
        return {name: np.concatenate(one) for name, one in zip(outputs, zip(*parts, strict=True), strict=True)}
