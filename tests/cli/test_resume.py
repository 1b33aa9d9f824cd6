"""`train --resume` and `build --resume`: exit codes, and the command that goes on."""

import shutil

import pytest

from bstkit.errors import TrainingInterrupted


@pytest.fixture
def interrupted(monkeypatch):
    """A training that is stopped at once."""

    def train(*_, **__):
        raise TrainingInterrupted("training was stopped after step 7; x.checkpoint holds all of it", "go on", 143)

    monkeypatch.setattr("bstkit.training.job.train", train)


@pytest.mark.parametrize(
    ("given", "command"),
    [
        (["train", "--out", "a b"], "bstkit train --out 'a b' --resume"),
        (["-q", "build", "--out=a", "--resume"], "bstkit -q build --out=a --resume"),
        (["train", "--set", "train.epochs=1"], "bstkit train --set train.epochs=1 --out runs/bst_small-"),
    ],
    ids=["out", "resume", "no out"],
)
def test_stopped_training_names_the_command_that_goes_on(run, interrupted, given, command):
    done = run(*given)
    assert (done.code, done.out) == (143, "")
    assert "error: training was stopped after step 7" in done.err
    assert f"hint:  go on with  {command}" in done.err
    assert done.err.rstrip().endswith("--resume")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("there", [True, False])
def test_second_ctrl_c_says_what_is_left(run, monkeypatch, tmp_path, there):
    def train(*_, **__):
        if there:
            (tmp_path / "a.checkpoint" / "step-00000005").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr("bstkit.training.job.train", train)
    done = run("train", "--out", "a")
    assert done.code == 130
    assert ("a.checkpoint holds the last checkpoint" in done.err) == there
    assert ("--resume" in done.err) == there
    assert "stopped" in done.err


def test_resume_needs_out(run):
    done = run("train", "--resume")
    assert done.code == 2
    assert "--out" in done.err


def test_finished_run_of_other_settings_is_refused(run, built, small_log):
    shutil.copytree(built.run.folder, "runs/mine", ignore=shutil.ignore_patterns("bundle"))
    given = ["build", "--out", "runs/mine", "--data", str(small_log)]
    done = run(*given, "--resume", "--set", "train.epochs=7")
    assert done.code == 2
    assert "train.epochs: 2 then, 7 now" in done.err


def test_finished_run_gets_its_export(built, small_selection, small_log, tmp_path):
    from bstkit.build import build

    folder = tmp_path / "run"
    shutil.copytree(built.run.folder, folder, ignore=shutil.ignore_patterns("bundle"))
    again = build(small_selection, folder, data=small_log, resume=True)
    assert again.report.outputs.keys() == built.report.outputs.keys()
    assert (folder / "bundle" / "model.onnx").is_file()
