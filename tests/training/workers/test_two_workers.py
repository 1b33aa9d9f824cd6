"""Two processes train the model that one trains, and go on after one was lost."""

import csv

import numpy as np

from bstkit.artefact import load_run


def most(ours, theirs):
    """The largest difference of any weight."""
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    return max(float(np.abs(one - other).max()) for one, other in zip(ours, theirs, strict=True))


def read_numbers(file):
    """The one row of a history of one epoch."""
    with file.open(newline="") as lines:
        [row] = csv.DictReader(lines)
    return {name: float(value) for name, value in row.items()}


def test_two_workers_train_the_model_of_one(together, alone):
    (chief, _), folder = together
    assert chief.code == 0, chief.stderr
    run = load_run(folder)
    apart = most(run.composed.serving.get_weights(), alone.composed.serving.get_weights())
    ours, theirs = (read_numbers(one.folder / "history.csv") for one in (run, alone))
    metrics = {name: abs(ours[name] - theirs[name]) for name in theirs}
    test = abs(run.metrics["test"]["ctr"]["log_loss"] - alone.metrics["test"]["ctr"]["log_loss"])
    print(f"two workers and one after 20 steps of SGD: max |diff| of weights {apart:.2g}, of {metrics}")  # noqa: T201
    assert apart < 1e-4
    assert max(*metrics.values(), test) < 1e-4


def test_both_workers_have_the_same_weights(together):
    (chief, other), _ = together
    assert most(chief.weights, other.weights) == 0.0


def test_chief_alone_writes_and_speaks(together):
    (chief, other), folder = together
    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    assert "log loss" in chief.stdout
    assert (other.code, other.stdout) == (0, "")
    assert "worker 1 has done its part; the chief, 127.0.0.1:" in other.stderr


def test_lost_worker_ends_the_job_and_resume_goes_on(two_workers, together, tmp_path):
    folder = tmp_path / "run"
    chief, _ = two_workers(folder, death=10)
    assert (chief.code, chief.stdout) == (2, "")
    assert "error: a worker was lost: worker 1 (127.0.0.1:" in chief.stderr
    assert "--resume" in chief.stderr
    assert "Traceback" not in chief.stderr
    assert not folder.exists()
    again, other = two_workers(folder, "--resume")
    assert (again.code, other.code) == (0, 0), again.stderr
    assert "8 steps are done" in again.stderr
    assert most(again.weights, together[0][0].weights) == 0.0
    assert most(other.weights, again.weights) == 0.0
