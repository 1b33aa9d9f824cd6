"""One training, and the file that keeps it."""

import pytest

from bstkit.config.selection import TrainSettings
from bstkit.errors import RunError
from bstkit.registry import load_registry
from bstkit.sweep.outcome import Outcomes, selection_digest, train_once
from tests.plugin_packages import Packages
from tests.supplied import KEY, add_third
from tests.sweep.outcomes import outcome


@pytest.fixture
def outcomes(tmp_path):
    return Outcomes(tmp_path / "outcomes")


def test_a_kept_outcome_is_found_by_selection_and_seed(outcomes, small_selection):
    kept = outcome(3)
    outcomes.keep(small_selection, kept)
    assert outcomes.find(small_selection, 3) == kept
    assert outcomes.find(small_selection, 4) is None
    longer = small_selection.model_copy(update={"train": TrainSettings(epochs=7)})
    assert outcomes.find(longer, 3) is None


def test_a_damaged_file_is_an_error(outcomes, small_selection):
    outcomes.keep(small_selection, outcome(0))
    (file,) = outcomes.folder.iterdir()
    file.write_text(file.read_text()[:40])
    with pytest.raises(RunError, match="is damaged"):
        outcomes.find(small_selection, 0)


@pytest.mark.parametrize(
    ("now", "refused"), [("1.0", False), ("1.1", True), (None, False)], ids=["same", "other version", "gone"]
)
def test_trainings_with_other_plugins_are_not_added_to(outcomes, small_selection, monkeypatch, now, refused):
    outcomes.keep(small_selection, outcome(0))  # of an earlier bstkit, which kept none
    outcomes.keep(small_selection, outcome(1, components={KEY: "bstkit-third 1.0", "head.mlp": "bstkit 0.0.1"}))
    packages = Packages(monkeypatch)
    if now is not None:
        add_third(packages, now)
    registry = load_registry(found=packages.found)
    if not refused:
        outcomes.check_suppliers(registry)
        return
    with pytest.raises(RunError) as caught:
        outcomes.check_suppliers(registry)
    assert "-seed1.json was trained with other components:\n  pooling.third: bstkit-third 1.0 then" in str(caught.value)
    assert caught.value.hint == 'pip install "bstkit-third==1.0"; or sweep into another folder with --out'


def test_digest_is_of_what_decides_a_training(small_selection):
    train = small_selection.train.model_copy(update={"seed": 9})
    same = small_selection.with_export("--ids", ids="raw").model_copy(update={"train": train, "origins": {"a": "b"}})
    assert selection_digest(same) == selection_digest(small_selection)
    faster = small_selection.train.model_copy(update={"learning_rate": 0.1})
    assert selection_digest(small_selection.model_copy(update={"train": faster})) != selection_digest(small_selection)


def test_training_gives_the_metrics_of_the_run_that_it_makes(small_selection, small_log, built):
    found = train_once(small_selection, small_selection.train.seed, small_log, None)
    assert found.test["ctr"] == {name: built.run.metrics["test"]["ctr"][name] for name in ("auc", "gauc", "log_loss")}
    assert found.validation["log_loss"] == min(epoch["val_log_loss"] for epoch in built.run.history)
    assert found.parameters == built.run.metrics["parameters"]
    assert found.epochs == len(built.run.history)
    assert found.cpu_seconds > 0
    assert found.components == built.run.provenance["components"]
    assert set(found.baselines) == {"popularity", "constant"}
