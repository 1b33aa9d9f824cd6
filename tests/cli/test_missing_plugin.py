"""Runs and bundles whose components a plugin gave, on the command line: without it, and with another version."""

import json
import shutil

import pytest

from bstkit.bundle.manifest import MANIFEST
from bstkit.supplier import recorded
from bstkit.training.endurance.checkpoint import VARIABLES, write_texts
from bstkit.training.endurance.checkpoint_folder import beside
from bstkit.training.endurance.made_from import MadeFrom
from bstkit.training.endurance.resume import BEGINNING
from tests.bundle.changes import edit_manifest
from tests.plugin_packages import component
from tests.supplied import KEY, SUPPLIER, add_third, third

EVENT = {"item_id": 7, "hist_item_id": [3, 5], "hist_cate_id": ["1", None], "user_id": 1}

COMMANDS = {
    "export": ("export", "june", "--out", "made"),
    "verify": ("verify", "june"),
    "predict": ("predict", "june", "--data", "events.jsonl", "--out", "made.csv"),
    "evaluate": ("evaluate", "june", "--data", "events.csv"),
    "train from it": ("train", "--init-from", "june", "--out", "made"),
    "build from it": ("build", "--init-from", "june", "--out", "made"),
    "resume it": ("train", "--pooling", "third", "--out", "june", "--resume"),
    "resume its checkpoint": ("build", "--pooling", "third", "--out", "july", "--resume"),
}


@pytest.fixture
def june(built, tmp_path, small_selection):
    """A run of the plugin's component, a checkpoint of one that was not finished, and something to score."""
    pooling = small_selection.pooling[0].model_copy(update={"key": KEY})
    selection = small_selection.model_copy(update={"pooling": (pooling,)})
    made_from = MadeFrom(selection, built.run.features, "digest", {}, suppliers=recorded({KEY: SUPPLIER}))

    def files(staging):
        write_texts(staging, BEGINNING, made_from)
        (staging / VARIABLES).write_bytes(b"")

    beside(tmp_path / "july").add(7, files)
    (tmp_path / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    (tmp_path / "events.csv").write_text("")
    return third(built.run.folder, tmp_path / "june")


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_run_without_its_plugin_is_refused_with_what_to_install(run, packages, june, command):
    done = run(*command)
    what = "july.checkpoint/step-00000007" if "july" in command else "june"
    assert (done.code, done.out) == (2, "")
    said = words(done.err)
    assert f"error: {what} needs components that are not here: pooling.third: from bstkit-third 1.0, which is" in said
    assert 'which is not installed hint: pip install "bstkit-third==1.0"' in said
    assert "Traceback" not in done.err
    assert not list(june.parent.glob("made*"))


def test_run_of_a_broken_plugin_says_why(run, packages, june):
    packages.add("bstkit-third", component(KEY), component(KEY))
    done = run("verify", "june")
    assert done.code == 2
    assert "pooling.third: from bstkit-third 1.0, of which 1.0 is broken: pooling.third is provided twice" in done.err
    assert "hint:  repair bstkit-third" in done.err


def test_page_of_a_run_needs_no_plugin(run, packages, june):
    done = run("report", "june")
    assert done.code == 0, done.err
    assert "bstkit-third 1.0" in (june / "report.html").read_text()


def test_run_of_another_version_scores_with_one_warning(run, packages, june):
    add_third(packages, "1.1")
    done = run("predict", "june", "--data", "events.jsonl", "--out", "scores.csv")
    assert done.code == 0, done.err
    assert done.err.count("warning: components of june come from elsewhere now; scores may differ:") == 1
    assert "pooling.third: bstkit-third 1.0 then, bstkit-third 1.1 now" in done.err


@pytest.fixture
def bundle(built, tmp_path, monkeypatch):
    """A bundle of the plugin's component, where no plugin can be loaded at all, not even bstkit's own."""

    def load_plugins(*_):
        raise AssertionError("a bundle needs no plugin")

    monkeypatch.setattr("bstkit.registry.load_plugins", load_plugins)
    monkeypatch.setattr("bstkit.config.resolve.load_plugins", load_plugins)
    folder = shutil.copytree(built.run.bundle, tmp_path / "received")
    edit_manifest(folder, lambda content: content["identity"].update(components={KEY: SUPPLIER}))
    (tmp_path / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    return folder


def test_bundle_is_served_without_any_plugin(run, bundle, small_log, built):
    assert json.loads((bundle / MANIFEST).read_bytes())["identity"]["components"] == {KEY: SUPPLIER}
    features = small_log.parent / "features.toml"
    for command in (
        ("verify", "received"),
        ("predict", "received", "--data", "events.jsonl", "--out", "scores.csv"),
        ("evaluate", "received", "--data", str(small_log), "--features", str(features), "--slices", "none"),
    ):
        done = run(*command)
        assert done.code == 0, done.err
        assert "warning" not in done.err
