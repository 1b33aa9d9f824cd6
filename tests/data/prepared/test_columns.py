"""Columns on disk: written and read piece by piece, whole .npy files for everybody else."""

from pathlib import Path

import numpy as np
import pytest

from bstkit.data.pieces import pieces, read_piece
from bstkit.data.prepared.columns import ColumnStore


@pytest.fixture
def store(tmp_path: Path) -> ColumnStore:
    store = ColumnStore(tmp_path / "arrays")
    with store.writer("id:a/b", np.int32) as writer:
        for first in range(0, 20, 3):
            writer.append(np.arange(first, min(first + 3, 20)))
    return store


def test_pieces_cover_every_row_once(small_pieces: None) -> None:
    assert list(pieces(15)) == [(0, 7), (7, 14), (14, 15)]
    assert list(pieces(0)) == []


def test_written_file_is_plain_npy(store: ColumnStore) -> None:
    (path,) = store.folder.iterdir()
    found = np.load(path)
    assert found.tolist() == list(range(20))
    assert found.dtype == np.int32


def test_piece_of_a_mapped_file_is_a_copy(store: ColumnStore) -> None:
    mapped = store.array("id:a/b")
    assert isinstance(mapped, np.memmap)
    piece = read_piece(mapped, 5, 9)
    assert piece.tolist() == [5, 6, 7, 8]
    assert not isinstance(piece, np.memmap)


def test_column_of_nothing_is_read_as_nothing(tmp_path: Path) -> None:
    store = ColumnStore(tmp_path / "arrays")
    with store.writer("empty", np.float32):
        pass
    assert store.array("empty").shape == (0,)
    assert list(store.pieces("empty")) == []


def test_derived_column_may_replace_its_source(store: ColumnStore, small_pieces: None) -> None:
    store.share("again", "id:a/b")
    store.derive("id:a/b", np.int32, ("id:a/b",), lambda first, values: values * 2 + 0 * first)
    assert store.array("again").tolist() == list(range(0, 40, 2))
    assert len(list(store.folder.iterdir())) == 1


def test_file_goes_with_its_last_name(store: ColumnStore) -> None:
    store.share("again", "id:a/b")
    store.forget("id:a/b")
    assert store.array("again")[3] == 3
    store.forget("again")
    assert list(store.folder.iterdir()) == []


def test_writer_is_closed_when_its_block_fails(tmp_path: Path) -> None:
    store = ColumnStore(tmp_path / "arrays")
    writer = store.writer("half", np.int8)
    with pytest.raises(ValueError, match="no number"), writer:
        writer.append(np.array(["no number"]))
    assert store.array("half").tolist() == []
