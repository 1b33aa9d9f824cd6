"""What an export writes beside the model."""

import pytest

from bstkit.data.vocabulary import VocabularyFolder, write_vocabulary
from bstkit.errors import ExportError
from bstkit.export import export
from bstkit.export.folder import MODEL

ROWS = {"item": 51, "cate": 14, "user": 31, "gender": 3, "age": 11}


def keys(space, count):
    return [f"{space} {number}" for number in range(count)]


def test_vocabularies_of_a_run_are_copied(tiny_small, tmp_path):
    (tmp_path / "vocab").mkdir()
    for space, rows in ROWS.items():
        write_vocabulary(tmp_path / "vocab" / f"{space}.txt", keys(space, rows - 2))
    export(tiny_small, tmp_path / "bundle", vocabularies=VocabularyFolder(tmp_path / "vocab"))
    for space in ROWS:
        name = f"vocab/{space}.txt"
        assert (tmp_path / "bundle" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_space_without_a_vocabulary_has_no_file(tiny_small, tmp_path):
    export(tiny_small, tmp_path / "bundle", vocabularies={"item": keys("item", 49)})
    assert [path.name for path in (tmp_path / "bundle" / "vocab").iterdir()] == ["item.txt"]


@pytest.mark.parametrize("in_files", [False, True])
def test_vocabulary_of_another_table_is_refused(tiny_small, tmp_path, in_files):
    vocabularies = {"item": keys("item", 50)}
    if in_files:
        write_vocabulary(tmp_path / "item.txt", vocabularies["item"])
        vocabularies = VocabularyFolder(tmp_path)
    with pytest.raises(ExportError, match="'item' has 50 keys, and its table 51 rows"):
        export(tiny_small, tmp_path / "bundle", vocabularies=vocabularies)
    assert not (tmp_path / "bundle" / MODEL).exists()
