"""Vocabulary files."""

from pathlib import Path

import pytest

from bstkit.data.vocabulary import VocabularyFolder, read_vocabulary, rows_of, write_vocabulary
from bstkit.errors import DataError


def test_file_holds_one_key_a_line_from_id_2(tmp_path: Path) -> None:
    path = tmp_path / "item.txt"
    write_vocabulary(path, ["b", "ä ö", "#1"])
    assert path.read_bytes() == "b\nä ö\n#1\n".encode()
    assert read_vocabulary(path) == ("b", "ä ö", "#1")
    assert rows_of(read_vocabulary(path)) == 5


def test_odd_separators_inside_a_key_survive(tmp_path: Path) -> None:
    keys = ("a\u2028b", "c\x0bd", "e\x85f", " g ")
    write_vocabulary(tmp_path / "item.txt", keys)
    assert read_vocabulary(tmp_path / "item.txt") == keys


@pytest.mark.parametrize("keys", [["a\nb"], ["a\rb"], [""], ["a", "a"]], ids=["lf", "cr", "empty", "twice"])
def test_keys_that_a_line_cannot_hold_are_refused_and_nothing_is_written(tmp_path: Path, keys: list[str]) -> None:
    with pytest.raises(DataError):
        write_vocabulary(tmp_path / "item.txt", keys)
    assert not (tmp_path / "item.txt").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a\n\xff\n", "cannot read"), (b"a\nb", "cut short"), (b"a\n\nb\n", "cannot stand"), (b"a\na\n", "twice")],
    ids=["not_utf8", "cut", "empty_line", "twice"],
)
def test_damaged_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "item.txt").write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_vocabulary(tmp_path / "item.txt")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_vocabulary(tmp_path / "item.txt")


def test_folder_reads_a_vocabulary_when_it_is_asked_for(tmp_path: Path) -> None:
    write_vocabulary(tmp_path / "item.txt", ["a", "b"])
    (tmp_path / "cate.txt").write_bytes(b"cut")
    folder = VocabularyFolder(tmp_path)
    assert folder["item"] == ("a", "b")
    (tmp_path / "item.txt").unlink()
    assert folder["item"] == ("a", "b")
    assert (list(folder), len(folder)) == (["cate"], 1)
    with pytest.raises(DataError, match="cut short"):
        folder["cate"]
    with pytest.raises(KeyError):
        folder["user"]


def test_folder_copies_a_file_without_reading_its_keys(tmp_path, monkeypatch):
    (tmp_path / "from").mkdir()
    write_vocabulary(tmp_path / "from" / "item.txt", ["a", "b", "ü"])
    monkeypatch.setattr("bstkit.data.vocabulary.read_vocabulary", lambda path: pytest.fail("the keys were read"))
    folder = VocabularyFolder(tmp_path / "from")
    assert "item" in folder
    assert "user" not in folder
    assert folder.copy("item", tmp_path / "item.txt") == 3
    assert (tmp_path / "item.txt").read_bytes() == (tmp_path / "from" / "item.txt").read_bytes()
    with pytest.raises(DataError, match=r"user\.txt: No such file"):
        folder.copy("user", tmp_path / "user.txt")
