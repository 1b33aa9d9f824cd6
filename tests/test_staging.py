"""Folders that appear whole or not at all."""

import errno
import sys

import pytest

from bstkit.errors import RunError
from bstkit.staging import new_folder


def test_folder_appears_when_the_block_ends(tmp_path):
    folder = tmp_path / "runs" / "a"
    with new_folder(folder) as partial:
        (partial / "file").write_text("content")
        assert not folder.exists()
    assert (folder / "file").read_text() == "content"
    assert [path.name for path in folder.parent.iterdir()] == ["a"]


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt()], ids=repr)
def test_error_leaves_nothing(tmp_path, error):
    with pytest.raises(type(error)), new_folder(tmp_path / "a"):
        raise error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_full_or_unwritable_disk_is_named(tmp_path, code):
    with pytest.raises(RunError, match=r"cannot write \S*a: the reason"), new_folder(tmp_path / "a"):
        raise OSError(code, "the reason")
    assert not list(tmp_path.iterdir())


def test_other_errors_of_the_system_are_not_disguised(tmp_path):
    with pytest.raises(ConnectionResetError), new_folder(tmp_path / "a"):
        raise ConnectionResetError(errno.ECONNRESET, "the reason")


def test_taken_name_is_refused_before_any_work(tmp_path):
    (tmp_path / "a").symlink_to("nowhere")
    with pytest.raises(RunError, match="already exists"), new_folder(tmp_path / "a"):
        pytest.fail("the block ran")


def test_name_taken_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(RunError, match="already exists"), new_folder(tmp_path / "a"):
        (tmp_path / "a").mkdir()
    assert not list((tmp_path / "a").iterdir())


def test_place_inside_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write to"), new_folder(tmp_path / "file" / "a"):
        pytest.fail("the block ran")


def test_folder_that_appears_meanwhile_is_not_replaced(tmp_path):
    def race():
        with new_folder(tmp_path / "bundle") as partial:
            (partial / "ours").write_text("x")
            (tmp_path / "bundle").mkdir()
            (tmp_path / "bundle" / "theirs").write_text("y")

    with pytest.raises(RunError, match="already exists"):
        race()
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "theirs"]


def test_folder_that_appears_in_the_last_moment_is_not_replaced(tmp_path, monkeypatch):
    """Between the last look and the renaming."""
    staging = sys.modules[new_folder.__module__]
    looks = iter([True, True])
    monkeypatch.setattr(staging, "_check_free", lambda folder: next(looks))

    def race():
        with new_folder(tmp_path / "bundle"):
            (tmp_path / "bundle").mkdir()
            (tmp_path / "bundle" / "theirs").write_text("y")

    with pytest.raises(RunError, match="already exists"):
        race()
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "theirs"]
