"""One file that an engine has opened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bstkit.bundle.engine import Session
from bstkit.bundle.vectors import Arrays, Piece
from bstkit.export.assignment import NodeRun


class ScoredFile:
    """Scores rows, and proves that what was asked for did the work.

    Args:
        session: from a `Way`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.nodes: tuple[NodeRun, ...] = ()
        """The nodes that ran; empty until rows were scored."""

    def score(self, pieces: Sequence[Piece], outputs: Sequence[str]) -> Arrays:
        """Output -> scores of all pieces, without those of padding.

        Raises:
            ProviderError: what was asked for ran no node.
        """
        parts = []
        for piece in pieces:
            scores = self._session.run(outputs, piece.inputs)
            if not self.nodes:  # one run tells; a profile of a thousand would be large
                self.nodes = self._session.nodes()
            parts.append({name: one[: piece.rows] for name, one in scores.items()})
        return {name: np.concatenate([one[name] for one in parts]) for name in outputs}
