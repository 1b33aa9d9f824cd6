"""Folders that appear whole or not at all."""

import errno
import subprocess
import sys

import pytest

from bstkit.errors import RunError
from bstkit.staging import new_file, new_folder, partial_folder, replaced_file

KILLED = """
import os, signal, sys
from pathlib import Path
from bstkit.staging import partial_folder
with partial_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


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
    monkeypatch.setattr(staging, "check_free", lambda folder: next(looks))

    def race():
        with new_folder(tmp_path / "bundle"):
            (tmp_path / "bundle").mkdir()
            (tmp_path / "bundle" / "theirs").write_text("y")

    with pytest.raises(RunError, match="already exists"):
        race()
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "theirs"]


def test_file_appears_when_the_block_ends(tmp_path):
    file = tmp_path / "deep" / "scores.csv"
    with new_file(file) as partial:
        (partial / "scores.csv").write_text("content")
        (partial / "scratch").write_text("gone afterwards")
        assert not file.exists()
    assert file.read_text() == "content"
    assert [path.name for path in file.parent.iterdir()] == ["scores.csv"]


def write(file, error=None, meanwhile=None):
    """Write a file, or fail on the way, or let another one take its name."""
    with new_file(file) as partial:
        (partial / file.name).write_text("ours")
        if meanwhile is not None:
            file.write_text(meanwhile)
        if error is not None:
            raise error


def test_error_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="wrong"):
        write(tmp_path / "a", error=ValueError("wrong"))
    assert not list(tmp_path.iterdir())


def test_file_made_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(RunError, match="already exists"):
        write(tmp_path / "a", meanwhile="theirs")
    assert (tmp_path / "a").read_text() == "theirs"


def fill_the_disk(file):
    with replaced_file(file) as partial:
        (partial / file.name).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_replaced_file_is_the_old_one_until_the_new_one_is_whole(tmp_path):
    file = tmp_path / "report.html"
    for text in ("first", "second"):
        with replaced_file(file) as partial:
            (partial / file.name).write_text(text)
            assert not file.exists() or file.read_text() == "first"
        assert file.read_text() == text
    with pytest.raises(RunError, match="No space left"):
        fill_the_disk(file)
    assert file.read_text() == "second"
    assert names(tmp_path) == ["report.html"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def abandoned(tmp_path):
    """What a killed process leaves of the target `[a]`."""
    target = tmp_path / "[a]"
    assert subprocess.run([sys.executable, "-c", KILLED, target]).returncode == -9
    [name] = names(tmp_path)
    assert name.startswith(".[a].")
    assert name.endswith(".partial")
    return target


def test_what_a_killed_process_left_is_removed_by_the_next(abandoned):
    with new_folder(abandoned) as partial:
        (partial / "file").write_text("whole")
    assert names(abandoned.parent) == ["[a]"]
    assert names(abandoned) == ["file"]


def test_what_another_target_left_stays(abandoned):
    left = names(abandoned.parent)
    with new_folder(abandoned.with_name("a")):
        pass
    assert names(abandoned.parent) == [*left, "a"]


def test_folder_of_a_process_that_lives_is_left_alone(tmp_path):
    with partial_folder(tmp_path / "a") as first:
        (first / "half").write_text("x")
        with new_folder(tmp_path / "a"):
            assert (first / "half").is_file()
        assert (first / "half").is_file()
    assert names(tmp_path) == ["a"]
