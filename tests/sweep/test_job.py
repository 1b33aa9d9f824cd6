"""A sweep from end to end, with trainings that are made up."""

import json

import pytest

from bstkit.errors import BstkitError, ComponentError, ConfigError, RunError
from bstkit.staging import sole_user
from bstkit.sweep import sweep
from tests.sweep.outcomes import outcome

VARY = ["recipe=din,bst_small", "pooling=mean,max"]
AUC = {("din", "mean"): 0.6, ("din", "max"): 0.8, ("bst_small", "mean"): 0.7, ("bst_small", "max"): 0.65}


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """The trainings that were asked for, each answered from `AUC`."""
    asked = []

    def train_once(selection, seed, data, features, progress=None):
        key = (selection.recipe, selection.pooling[0].name)
        if key in refused:
            raise ComponentError("shapes do not fit", "choose others")
        if len(asked) == stop_after[0]:
            raise KeyboardInterrupt
        asked.append((*key, seed))
        return outcome(seed, AUC[key] + seed / 100)

    stop_after, refused = [None], set()
    monkeypatch.setattr("bstkit.sweep.job.train_once", train_once)
    monkeypatch.chdir(tmp_path)
    train_once.asked, train_once.stop_after, train_once.refused = asked, stop_after, refused
    return train_once


def test_the_best_by_validation_stands_first(trained, tmp_path, small_log):
    found = sweep(VARY, "swept", data=small_log, seeds=2)
    assert [one.settings for one in found.ranked] == [
        ("recipe=din", "pooling=max"),
        ("recipe=bst_small", "pooling=mean"),
        ("recipe=bst_small", "pooling=max"),
        ("recipe=din", "pooling=mean"),
    ]
    assert found.ranked[0].value == pytest.approx(0.805)
    assert [one.seed for one in found.ranked[0].outcomes] == [0, 1]
    assert len(trained.asked) == 8
    rows = found.rows()
    assert rows[0][:3] == ("recipe=din, pooling=max", "0.8050 ± 0.0071", "0.7050 ± 0.0071")
    table = (tmp_path / "swept" / "table.md").read_text()
    assert table.splitlines()[2].startswith("| recipe=din, pooling=max | 0.8050 ± 0.0071 | 0.7050 ± 0.0071 |")
    assert json.loads(json.dumps(found.to_json()))["ranked"][0]["settings"] == ["recipe=din", "pooling=max"]


def test_least_log_loss_is_best(trained, small_log):
    found = sweep(VARY, "swept", data=small_log, seeds=1, metric="log_loss")
    assert found.ranked[0].settings == ("recipe=din", "pooling=max")
    assert found.ranked[0].value == pytest.approx(0.2)


def test_a_stopped_sweep_trains_only_the_rest(trained, small_log):
    trained.stop_after[0] = 3  # in the middle of the second combination
    with pytest.raises(KeyboardInterrupt):
        sweep(VARY, "swept", data=small_log, seeds=2)
    trained.stop_after[0] = None
    found = sweep(VARY, "swept", data=small_log, seeds=2, resume=True)
    assert len(trained.asked) == len(set(trained.asked)) == 8
    trained.asked.clear()
    assert sweep(VARY, "swept", data=small_log, seeds=2, resume=True).ranked == found.ranked
    assert trained.asked == []
    assert sweep(VARY, "whole", data=small_log, seeds=2).ranked == found.ranked


def test_a_sweep_whose_components_came_from_elsewhere_is_not_gone_on_with(trained, small_log, monkeypatch):
    def of_another_plugin(*arguments):
        return trained(*arguments).model_copy(update={"components": {"pooling.mean": "elsewhere 1.0"}})

    monkeypatch.setattr("bstkit.sweep.job.train_once", of_another_plugin)
    with pytest.raises(RunError, match=r"pooling\.mean: elsewhere 1\.0 then, bstkit "):
        sweep(VARY, "swept", data=small_log, seeds=2)
    assert len(trained.asked) == 1
    with pytest.raises(RunError, match="was trained with other components"):
        sweep(VARY, "swept", data=small_log, seeds=2, resume=True)
    assert len(trained.asked) == 1


def test_another_sweep_in_the_folder_is_refused(trained, small_log):
    sweep(VARY, "swept", data=small_log, seeds=1)
    with pytest.raises(RunError, match="holds another sweep: common, seeds differ"):
        sweep(VARY, "swept", data=small_log, seeds=2, settings=["train.epochs=3"], resume=True)
    with pytest.raises(RunError, match="already exists"):
        sweep(VARY, "swept", data=small_log, seeds=1)


def test_a_folder_of_something_else_is_refused(trained, small_log, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(RunError, match="holds no sweep"):
        sweep(VARY, "mine", data=small_log, resume=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_folder_in_work_is_refused(trained, small_log, tmp_path):
    sweep(VARY, "swept", data=small_log, seeds=1)
    with sole_user(tmp_path / "swept"), pytest.raises(RunError, match="another process works in"):
        sweep(VARY, "swept", data=small_log, seeds=1, resume=True)


def test_what_does_not_fit_is_told_and_the_rest_is_trained(trained, small_log):
    trained.refused.add(("din", "max"))
    found = sweep(VARY, "swept", data=small_log, seeds=1)
    assert found.ranked[-1].settings == ("recipe=din", "pooling=max")
    assert found.ranked[-1].refused == "shapes do not fit"
    assert found.ranked[0].settings == ("recipe=bst_small", "pooling=mean")
    assert len(found.rows()) == 3 + 2


def test_nothing_that_fits_is_an_error(trained, small_log):
    trained.refused.update(AUC)
    with pytest.raises(ConfigError, match=r"no combination can be trained.*shapes do not fit"):
        sweep(VARY, "swept", data=small_log, seeds=1)


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["recipe=din,dein"], "no combination takes recipe=dein: no recipe named 'dein'"),
        (["head.unit=[[8],[16]]"], "no combination takes head.unit=[8]"),
        (["pooling=mean,maximum"], "no combination takes pooling=maximum"),
        (["train.learning_rate=0.1,fast"], "no combination takes train.learning_rate=fast"),
    ],
)
def test_a_value_that_nothing_takes_is_refused_before_any_training(trained, small_log, tmp_path, vary, message):
    with pytest.raises(BstkitError) as caught:
        sweep(vary, "swept", data=small_log)
    assert message in caught.value.message
    assert trained.asked == []
    assert not (tmp_path / "swept").exists()


def test_several_workers_are_refused(trained, monkeypatch):
    workers = {"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(workers))
    with pytest.raises(ConfigError, match="TF_CONFIG names several workers"):
        sweep(VARY, "swept")


def test_an_interval_needs_a_number_of_trials(trained, small_log):
    vary = ["train.learning_rate={low=1e-4,high=1e-2,log=true}"]
    with pytest.raises(ConfigError, match="an interval has no end of values"):
        sweep(vary, "swept", data=small_log)
    found = sweep(vary, "swept", data=small_log, recipe="din", slots={"pooling": "max"}, seeds=1, trials=3)
    assert len(found.ranked) == 3
    rates = [float(one.settings[0].partition("=")[2]) for one in found.ranked]
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
