"""`bstkit sweep` on the command line."""

import pytest

from bstkit.errors import TrainingInterrupted

SMALL = ("--set", "train.epochs=1", "--set", "train.batch_size=64", "--set", "head.units=[8]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sweep") / "swept"


def test_a_sweep_ends_with_a_table_and_goes_on(run, small_log, folder):
    command = ("sweep", "--recipe", "din", "--vary", "pooling=mean,max", "--seeds", "1", "--data", str(small_log))
    done = run(*command, *SMALL, "--out", str(folder))
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert "validation AUC" in lines[0]
    assert {line.split()[0] for line in lines[1:5]} == {"pooling=mean", "pooling=max", "popularity", "constant"}
    assert "trial 2 of 2 (pooling=max), seed 0: " in done.err
    (best,) = (line for line in lines if line.startswith("best"))
    first = lines[1].split()[0]
    assert "bstkit build --recipe din --set train.epochs=1 --set train.batch_size=64 --set 'head.units=[8]'" in best
    assert best.endswith(f"--set {first} --data {small_log}")

    again = run(*command, *SMALL, "--out", str(folder), "--resume", "--json")
    assert again.code == 0, again.err
    assert "trial" not in again.err
    assert again.json["ranked"][0]["settings"] == [first]


def test_a_stopped_sweep_says_how_to_go_on(run, small_log, monkeypatch):
    def stopped(*arguments, **named):
        raise TrainingInterrupted("after step 3", "", 143)

    monkeypatch.setattr("bstkit.sweep.job.train_once", stopped)
    command = ("sweep", "--vary", "recipe=din,dien", "--data", str(small_log), "--out", "swept")
    done = run(*command)
    assert done.code == 143
    assert "error: the sweep was stopped; swept holds what was trained" in done.err
    assert f"go on with  bstkit {' '.join(command)} --resume" in done.err


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ((), "nothing is varied", "--vary recipe=din,dien"),
        (("--vary", "recipe=din"), "--vary recipe has one value", "--set recipe=din"),
        (("--vary", "recipe=din,dien", "--resume"), "--resume does not say where", "--out"),
        (("--vary", "recipe=din,dien", "--metric", "accuracy"), "'accuracy' is not one of", "--help"),
        (("--vary", "recipe=din,dien", "--seeds", "0"), "greater than or equal to 1", "--help"),
        (("--vary", "recipe=din,dien", "--data", "nowhere.csv"), "nowhere.csv", ""),
    ],
)
def test_bad_input_is_one_error(run, options, message, hint):
    done = run("sweep", *options)
    assert done.code == 2
    assert message in done.err
    assert hint in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
