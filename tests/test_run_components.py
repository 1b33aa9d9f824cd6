"""A run of a plugin's component, opened from Python: with the plugin, with another version, without."""

import logging

import numpy as np
import pytest

from bstkit.artefact import load_run
from bstkit.errors import PluginError
from bstkit.training.starting.init_run import open_init_run
from tests.plugin_packages import Packages
from tests.supplied import add_third, third

NEEDS = "needs components that are not here:\n  pooling.third: from bstkit-third 1.0, which is not installed"


@pytest.fixture
def packages(monkeypatch):
    found = Packages(monkeypatch)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: found.found)
    return found


@pytest.fixture
def folder(built, tmp_path):
    return third(built.run.folder, tmp_path / "june")


def test_another_version_is_told_once_and_scores(packages, folder, built, caplog):
    caplog.set_level(logging.INFO, "bstkit")
    add_third(packages, "1.1")
    run = load_run(folder)
    run.check_components()
    scores = run.composed.serving(run.heldout)["ctr"].numpy()
    np.testing.assert_array_equal(scores, built.run.composed.serving(built.run.heldout)["ctr"].numpy())
    assert str(run.composed.suppliers["pooling.third"]) == "bstkit-third 1.1"
    [text] = [one.getMessage() for one in caplog.records if "elsewhere" in one.getMessage()]
    assert "pooling.third: bstkit-third 1.0 then, bstkit-third 1.1 now" in text


def test_without_the_plugin_the_run_opens_and_does_not_compose(packages, folder, built):
    run = load_run(folder)
    assert run.metrics == built.run.metrics
    for use in (lambda: run.composed, run.check_components, lambda: open_init_run(folder), lambda: open_init_run(run)):
        with pytest.raises(PluginError) as caught:
            use()
        assert caught.value.message == f"{folder} {NEEDS}"
        assert caught.value.hint == 'pip install "bstkit-third==1.0"'


def test_run_that_recorded_nothing_composes_as_ever(packages, built, tmp_path):
    folder = third(built.run.folder, tmp_path / "june")
    (folder / "provenance.json").write_text("{}")
    add_third(packages, "7")
    assert load_run(folder).composed.suppliers["pooling.third"].version == "7"
