"""Where checkpoints lie: the newest alone, never none where there was one, one training at a time."""

import errno

import pytest

from bstkit.errors import RunError
from bstkit.training.endurance.checkpoint_folder import beside, held


@pytest.fixture
def checkpoints(tmp_path):
    return beside(tmp_path / "run")


def write(folder):
    (folder / "state.json").write_text("{}")


def fail_after_a_file(folder):
    write(folder)
    raise OSError(errno.ENOSPC, "No space left on device")


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_newer_checkpoint_replaces_the_older(checkpoints):
    for step in (5, 99_999_999, 100_000_000):
        checkpoints.add(step, write)
    assert names(checkpoints) == ["step-100000000"]


def test_older_stays_until_the_newer_is_whole(checkpoints):
    checkpoints.add(5, write)
    seen = []
    checkpoints.add(6, lambda folder: (seen.extend(names(checkpoints)), write(folder)))
    assert "step-00000005" in seen
    assert names(checkpoints) == ["step-00000006"]


def test_full_disk_leaves_the_older(checkpoints):
    checkpoints.add(5, write)
    with pytest.raises(RunError, match="No space left on device; the checkpoint step-00000005 before it is whole"):
        checkpoints.add(6, fail_after_a_file)
    assert names(checkpoints) == ["step-00000005"]


def test_full_disk_before_the_first_checkpoint_says_that_there_is_none(checkpoints):
    with pytest.raises(RunError, match="there is none before it"):
        checkpoints.add(5, fail_after_a_file)


def test_newest_of_two_counts_after_a_kill_between_them(checkpoints):
    for step in (5, 6):
        (checkpoints.folder / f"step-{step:08d}").mkdir(parents=True)
    assert checkpoints.newest.name == "step-00000006"


def test_another_training_is_kept_out(checkpoints):
    with held(checkpoints), pytest.raises(RunError, match="another process trains"), held(checkpoints):
        pass
    with held(checkpoints):
        pass


def test_folder_without_a_checkpoint_is_gone_afterwards(checkpoints):
    with held(checkpoints):
        assert checkpoints.folder.is_dir()
    assert not checkpoints.folder.exists()
    with held(checkpoints):
        checkpoints.add(5, write)
    assert names(checkpoints) == ["step-00000005"]


def test_what_a_killed_process_left_half_written_is_removed(checkpoints):
    (checkpoints.folder / ".step-00000005.abcdef01.partial").mkdir(parents=True)
    with held(checkpoints):
        checkpoints.add(6, write)
    assert names(checkpoints) == ["step-00000006"]
