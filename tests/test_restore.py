"""A run's model: read from its file without a draw, large tables in pieces."""

import h5py
import keras
import numpy as np
import pytest

from bstkit import restore as restore_module
from bstkit.artefact import WEIGHTS
from bstkit.errors import RunError
from bstkit.restore import restore


@pytest.fixture
def in_pieces(monkeypatch):
    """Tables of this size count as large, and are read in pieces of a row or two."""
    monkeypatch.setattr(restore_module, "_LARGE", 16)


def restored(run):
    return restore(run.selection, run.features, run.folder / WEIGHTS)


def test_every_weight_is_what_was_trained(built, in_pieces):
    found = restored(built.run).serving
    for ours, theirs in zip(found.weights, built.run.composed.serving.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.path)
    assert all(np.any(one.numpy()) for one in found.variables if one.path.endswith("embeddings"))


def test_model_scores_like_the_trained_one(built, in_pieces):
    heldout = built.run.heldout
    ours, theirs = (one.serving(heldout)["ctr"].numpy() for one in (restored(built.run), built.run.composed))
    np.testing.assert_array_equal(ours, theirs)


def test_no_table_is_drawn(built, monkeypatch):
    def drawn(*_):
        pytest.fail("a table was drawn")

    monkeypatch.setattr(keras.initializers.RandomUniform, "__call__", drawn)
    restored(built.run)


def test_variables_assign_as_ever_afterwards(built, in_pieces):
    found = restored(built.run)
    table = next(one for one in found.serving.variables if one.path.endswith("item_embedding/embeddings"))
    assert "assign" not in vars(table)
    table.assign(np.ones(table.shape))
    np.testing.assert_array_equal(table.numpy(), 1.0)


def test_table_of_another_size_is_named(built, in_pieces, tmp_path):
    weights = tmp_path / WEIGHTS
    weights.write_bytes((built.run.folder / WEIGHTS).read_bytes())
    with h5py.File(weights, "r+") as file:
        name = next(one for one in file["layers"] if one.startswith("embedding"))
        group = file["layers"][name]["vars"]
        values = group["0"][:-1]
        del group["0"]
        group["0"] = values
    with pytest.raises(RunError, match=r"model\.weights\.h5 cannot be read into the model"):
        restore(built.run.selection, built.run.features, weights)


def test_variable_that_shows_no_memory_is_assigned(built, in_pieces, monkeypatch):
    """As on a GPU, where reading a variable copies it."""
    monkeypatch.setattr(restore_module, "read_variable", lambda variable: variable.numpy())
    test_every_weight_is_what_was_trained(built, None)
