"""The embedded log rewards a model that reads the order of behaviours."""

import pytest

import bstkit


@pytest.fixture(scope="session")
def auc(tmp_path_factory):
    """Test AUC by model, one seed."""
    folder = tmp_path_factory.mktemp("quality")
    found = {}
    for name, encoder, pooling in (("default", "transformer", "attention"), ("mean", "identity", "mean")):
        selection = bstkit.load_selection(
            slots={"encoder": encoder, "pooling": pooling},
            settings=["train.epochs=5"],  # the default trains on, and gets better
            working_folder=folder,
            environ={},
        )
        metrics = bstkit.train(selection, folder / name).metrics
        found[name] = metrics["test"]["ctr"]["auc"]
    found["popularity"] = metrics["baselines"]["popularity"]["ctr"]["auc"]
    return found


def test_default_model_beats_popularity(auc):
    assert auc["default"] >= auc["popularity"] + 0.05


def test_default_model_beats_the_mean_of_behaviours(auc):
    assert auc["default"] >= auc["mean"] + 0.02
