"""A training that is stopped again and again ends with the very numbers of one that never was.

One training goes through three ways of stopping, one after the other; the tests look at what each left behind.

kill -9     after step 26; the checkpoint is of step 24, within the third epoch, which will be the best
full disk   SIGTERM at step 46, whose checkpoint cannot be written; the one before is of step 44, the fourth epoch's end
Ctrl-C      at step 55, the last: early stopping ends the training there
"""

import csv
import json
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bstkit.artefact import Run
from bstkit.errors import RunError, TrainingInterrupted
from tests.small_log import write_small_log
from tests.training.endurance.interrupted import STEPS, After, train_small, watched

ROOT = Path(__file__).parents[3]


@dataclass
class Stop:
    """What one attempt left: how it ended, its checkpoint and a copy of it."""

    ended: object
    names: list[str]
    folder: Path


@dataclass
class Story:
    """One training in four attempts, and another in one."""

    log: Path
    whole: Run
    stops: dict[str, Stop]
    run: Run


def asked_to_stop(number):
    """Do what a signal does, without sending one to a process that runs tests."""
    signal.getsignal(number)(number, None)


@pytest.fixture(scope="module")
def story(tmp_path_factory, signals):
    place = tmp_path_factory.mktemp("endurance")
    log = write_small_log(place / "log.csv")
    folder, checkpoints = place / "run", place / "run.checkpoint"
    stops = {}

    def note(name, ended):
        copy = place / f"after {name}.checkpoint"
        shutil.copytree(checkpoints, copy)
        stops[name] = Stop(ended, sorted(path.name for path in checkpoints.iterdir()), copy)

    sizes = resource.getrlimit(resource.RLIMIT_FSIZE)

    def attempt(name, step, action):
        with watched(After(step, action)), pytest.raises((RunError, TrainingInterrupted)) as caught:
            train_small(log, folder, resume=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, sizes)
        note(name, caught.value)

    command = [sys.executable, "-m", "tests.training.endurance.interrupted", str(log), str(folder), "26"]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    note("kill", killed.returncode)

    def fill_the_disk_and_stop():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, sizes[1]))
        asked_to_stop(signal.SIGTERM)

    attempt("full disk", 46, fill_the_disk_and_stop)
    attempt("Ctrl-C", 5 * STEPS, lambda: asked_to_stop(signal.SIGINT))
    return Story(log, train_small(log, place / "whole"), stops, train_small(log, folder, resume=True))


def test_weights_are_those_of_an_uninterrupted_run_bit_for_bit(story):
    ours, theirs = (one.composed.serving.get_weights() for one in (story.run, story.whole))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_history_and_metrics_are_those_of_an_uninterrupted_run(story):
    ours, theirs = ((one.folder / "history.csv").read_bytes() for one in (story.run, story.whole))
    assert ours == theirs
    assert story.run.metrics["test"] == story.whole.metrics["test"]


def test_training_tried_what_a_checkpoint_must_hold(story):
    """The third epoch is the best of five, so that best weights and patience outlived an attempt."""
    with (story.whole.folder / "history.csv").open(newline="") as file:
        losses = [float(row["val_log_loss"]) for row in csv.DictReader(file)]
    assert len(losses) == 5
    assert losses.index(min(losses)) == 2


@pytest.mark.parametrize(("stop", "step"), [("kill", 24), ("full disk", 4 * STEPS), ("Ctrl-C", 5 * STEPS)])
def test_last_checkpoint_is_the_only_one_and_whole(story, stop, step):
    left = [name for name in story.stops[stop].names if not name.startswith(".")]
    assert left == [f"step-{step:08d}"]
    assert json.loads((story.stops[stop].folder / left[0] / "state.json").read_text())["step"] == step


def test_run_records_where_it_went_on(story):
    assert [one["step"] for one in story.run.provenance["resumed"]] == [24, 4 * STEPS, 5 * STEPS]
    assert "resumed" not in story.whole.provenance


def test_checkpoints_are_gone_when_the_run_stands(story):
    left = {path.name for path in story.run.folder.parent.iterdir() if not path.name.startswith("after")}
    assert left == {"log.csv", "run", "whole"}


def test_signal_ends_with_its_exit_code_and_says_how_to_go_on(story):
    error = story.stops["Ctrl-C"].ended
    assert isinstance(error, TrainingInterrupted)
    assert error.exit_code == 130
    assert f"stopped after step {5 * STEPS}; " in error.message
    assert "--resume" in error.hint


def test_signals_do_as_ever_after_training(story):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_full_disk_is_an_error_that_says_what_is_left(story):
    error = story.stops["full disk"].ended
    assert isinstance(error, RunError)
    assert "step-00000046: File too large; the checkpoint step-00000044 before it is whole" in error.message
    assert "make room" in error.hint


def test_finished_run_is_returned_as_it_is(story, caplog):
    caplog.set_level("INFO")
    beside = story.run.folder.with_name("run.checkpoint")
    shutil.copytree(story.stops["kill"].folder, beside)  # killed before it was removed
    again = train_small(story.log, story.run.folder, resume=True)
    assert again.metrics == story.run.metrics
    assert "is finished already" in caplog.text
    assert not beside.exists()


def test_finished_run_of_another_selection_is_refused(story):
    with pytest.raises(RunError, match=r"train\.seed: 0 then, 1 now"):
        train_small(story.log, story.run.folder, "train.seed=1", resume=True)


@pytest.fixture
def stopped(story, tmp_path):
    """The checkpoint that the kill left, beside a run folder to be."""
    return Path(shutil.copytree(story.stops["kill"].folder, tmp_path / "run.checkpoint")) / "step-00000024"


def test_checkpoint_in_the_way_is_refused_before_the_log_is_read(stopped, tmp_path):
    with pytest.raises(RunError, match="training that was not finished") as caught:
        train_small(tmp_path / "no such log", tmp_path / "run")
    assert "--resume" in caught.value.hint
    assert stopped.is_dir()


def test_other_selection_is_refused_before_the_log_is_read(stopped, tmp_path):
    changes = ["train.learning_rate=0.01", "head.units=[16]", "train.checkpoint_steps=7", "export.opset=17"]
    with pytest.raises(RunError) as caught:
        train_small(tmp_path / "no such log", tmp_path / "run", *changes, resume=True)
    first, *rest = caught.value.message.splitlines()
    assert "is of another training" in first
    assert [line.strip() for line in rest] == [
        "head.parameters.units.0: 8 then, 16 now",
        "train.learning_rate: 0.1 then, 0.01 now",
    ]
    assert stopped.is_dir()


def test_other_data_are_refused(stopped, tmp_path):
    with pytest.raises(RunError, match="the data: other rows"):
        train_small(write_small_log(tmp_path / "log.csv", seed=1), tmp_path / "run", resume=True)
    assert stopped.is_dir()


def change_text(checkpoint):
    state = checkpoint / "state.json"
    state.write_text(state.read_text().replace('"wait": 0', '"wait": 1'))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (change_text, "not what SHA256SUMS says"),
        (lambda checkpoint: (checkpoint / "best.npz").unlink(), "best.npz is missing"),
        (lambda checkpoint: shutil.rmtree(checkpoint) or checkpoint.mkdir(), "state.json"),
    ],
    ids=["text", "missing", "empty"],
)
def test_damaged_checkpoint_is_refused_before_the_log_is_read(stopped, tmp_path, damage, reason):
    damage(stopped)
    with pytest.raises(RunError, match="cannot be used") as caught:
        train_small(tmp_path / "no such log", tmp_path / "run", resume=True)
    assert reason in caught.value.message
    assert "remove" in caught.value.hint


def test_damaged_arrays_are_refused(story, stopped, tmp_path):
    variables = stopped / "variables.npz"
    content = bytearray(variables.read_bytes())
    content[len(content) // 2] ^= 1
    variables.write_bytes(content)
    with pytest.raises(RunError, match="cannot be used: Bad CRC-32"):
        train_small(story.log, tmp_path / "run", resume=True)


def test_without_a_checkpoint_training_begins_and_says_so(tmp_path, caplog):
    caplog.set_level("INFO")
    with pytest.raises(Exception, match="no such log"):
        train_small(tmp_path / "no such log", tmp_path / "run", resume=True)
    assert "training begins" in caplog.text
    assert not list(tmp_path.iterdir())
