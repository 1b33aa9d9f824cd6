"""Small pieces, so that small logs have several."""

import pytest


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bstkit.data.pieces.PIECE_ROWS", 7)
    for module in ("events", "vocabularies"):
        monkeypatch.setattr(f"bstkit.data.prepared.{module}.PIECE_ROWS", 7)
