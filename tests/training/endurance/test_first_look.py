"""A checkpoint whose components come from elsewhere now is of another training."""

import pytest

from bstkit.errors import PluginError, RunError
from bstkit.supplier import recorded
from bstkit.training import train
from bstkit.training.endurance.attempt import first_look
from bstkit.training.endurance.checkpoint import VARIABLES, read_checkpoint, write_texts
from bstkit.training.endurance.checkpoint_folder import beside
from bstkit.training.endurance.made_from import MadeFrom
from bstkit.training.endurance.resume import BEGINNING
from tests.plugin_packages import Packages
from tests.small_log import small_features
from tests.supplied import KEY, add_third

THEN = {KEY: "bstkit-third 1.0", "head.mlp": "bstkit 0.0.1"}


@pytest.fixture
def selection(small_selection):
    pooling = small_selection.pooling[0].model_copy(update={"key": KEY})
    return small_selection.model_copy(update={"pooling": (pooling,)})


@pytest.fixture
def checkpoint(selection, tmp_path):
    """Write a checkpoint of some components beside the run folder, and return that."""

    def write(then=THEN):
        run = tmp_path / "june"
        made_from = MadeFrom(selection, small_features(), "digest", {}, suppliers=recorded(then))

        def files(staging):
            write_texts(staging, BEGINNING, made_from)
            (staging / VARIABLES).write_bytes(b"")

        beside(run).add(7, files)
        return run

    return write


def look(run, selection, **now):
    return first_look(beside(run), selection, recorded({**THEN, **now}), resume=True)


def test_suppliers_are_kept_with_a_checkpoint(checkpoint, selection):
    run = checkpoint()
    assert read_checkpoint(beside(run).newest).made_from.suppliers == recorded(THEN)
    assert look(run, selection).made_from.suppliers == recorded(THEN)


def test_other_version_is_another_training(checkpoint, selection):
    run = checkpoint()
    with pytest.raises(RunError) as caught:
        look(run, selection, **{KEY: "bstkit-third 1.1"})
    assert (
        "is of another training:\n  pooling.third: bstkit-third 1.0 then, bstkit-third 1.1 now" in caught.value.message
    )
    assert caught.value.hint == f'pip install "bstkit-third==1.0"; or remove {run}.checkpoint to begin anew'


def test_another_bstkit_goes_on(checkpoint, selection):
    """Which `package_changes` tells."""
    assert look(checkpoint(), selection, **{"head.mlp": "bstkit 0.0.2"}) is not None


def test_checkpoint_of_an_earlier_bstkit_goes_on(checkpoint, selection):
    assert look(checkpoint({}), selection, **{KEY: "bstkit-third 1.1"}) is not None


@pytest.mark.parametrize("installed", ["1.1", None])
def test_training_does_not_go_on_with_another_plugin(checkpoint, selection, monkeypatch, tmp_path, installed):
    """Refused before the log is looked for."""
    packages = Packages(monkeypatch)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: packages.found)
    run = checkpoint()
    if installed is not None:
        add_third(packages, installed)
    with pytest.raises(PluginError if installed is None else RunError, match=r"third 1\.0"):
        train(selection, run, data=tmp_path / "no such log", resume=True)
    assert beside(run).newest is not None
