"""What `train` prints for two tasks."""

import pytest

from bstkit.config.features_file import features_to_toml
from tests.rich_log import rich_features
from tests.small_log import SETTINGS

SET = [part for setting in [*SETTINGS, "train.epochs=1"] for part in ("--set", setting)]


@pytest.fixture
def features(tmp_path):
    """A features file with two tasks and one history."""
    rich = rich_features()
    path = tmp_path / "two.toml"
    path.write_text(features_to_toml(rich.model_copy(update={"history": {"hist": rich.history["hist"]}})))
    return path


def test_each_task_has_a_table_that_says_how_many_rows_it_covers(run, rich_log, features):
    done = run("train", "--data", str(rich_log), "--features", str(features), "--out", "run", *SET)
    assert done.code == 0, done.err
    ctr, cvr = done.out.index("test: ctr"), done.out.index("test: cvr")
    assert " test rows; GAUC over" in done.out[ctr:cvr]
    assert " test rows have this label; GAUC over" in done.out[cvr:]
    assert done.out[cvr:].count("popularity") == 1


def test_unknown_task_in_the_loss_weights_is_one_error(run, rich_log, features, tmp_path):
    weights = ("--set", "train.loss_weights={ctt=2.0}")
    done = run("train", "--data", str(rich_log), "--features", str(features), "--out", "run", *weights)
    assert done.code == 2
    assert "features.toml has no task 'ctt'" in done.err
    assert "did you mean 'ctr'?" in done.err
    assert not (tmp_path / "run").exists()
