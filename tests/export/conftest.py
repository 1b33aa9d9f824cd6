"""Models that the exporter's tests share; made once a session."""

import numpy as np
import pytest

from bstkit.compose import Composed, compose
from bstkit.export.cases import SEED
from bstkit.export.folder import MODEL, export_folder
from tests.export.recipes import bst, bst_small, features


def randomise(composed: Composed) -> Composed:
    """Give every weight a value of its own: untrained biases and norms are all equal and hide mistakes."""
    rng = np.random.default_rng(SEED)
    for variable in composed.serving.trainable_variables:
        variable.assign(rng.normal(0.5 if "gamma" in variable.name else 0.0, 0.3, variable.shape))
    return composed


@pytest.fixture(scope="session")
def tiny_bst():
    """Recipe `bst` in miniature: fixed length 6, width 16."""
    return randomise(compose(bst(units=[12, 8], ffn_dim=8), features(dim=8, max_length=6)))


@pytest.fixture(scope="session")
def tiny_small():
    """Recipe `bst_small` in miniature: any length up to 6, with a numeric input."""
    return randomise(compose(bst_small(pooling="max"), features(dim=8, max_length=6, price=True)))


@pytest.fixture(scope="session")
def exported(tiny_small, tmp_path_factory):
    """`tiny_small` exported: (folder, report)."""
    folder = tmp_path_factory.mktemp("exports") / "bundle"
    return folder, export_folder(tiny_small, folder)


@pytest.fixture
def damaged(exported, tmp_path):
    """A fresh copy of the exported file, to be damaged."""
    path = tmp_path / MODEL
    path.write_bytes((exported[0] / MODEL).read_bytes())
    return path
