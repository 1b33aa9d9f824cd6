"""Two small bundles; made once a session, and copied by tests that change files."""

import shutil

import pytest

from bstkit.compose import compose
from bstkit.config.features import Space
from bstkit.export import export
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features

KEYS = {
    "item": [str(number) for number in range(100, 149)],
    "cate": [f"shelf {number}" for number in range(12)],
    "user": [str(number) for number in range(29)],
    "gender": ["f"],
    "age": [f"{number}0s" for number in range(1, 10)],
}
"""Id space -> the keys of its vocabulary, in the order of their ids."""

PROVENANCE = {
    "components": {"encoder.transformer": "bstkit 0.1.0"},
    "data": {"log": "somewhere/a log", "sha256": "0" * 64},
    "seed": 0,
}


@pytest.fixture(scope="session")
def small_model():
    """Any length up to 6, with a numeric input."""
    return randomise(compose(bst_small(pooling="max"), features(dim=8, max_length=6, price=True)))


@pytest.fixture(scope="session")
def encoded_bundle(small_model, tmp_path_factory):
    """A bundle whose graph takes encoded ids."""
    folder = tmp_path_factory.mktemp("bundles") / "encoded"
    export(small_model, folder, vocabularies=KEYS, provenance=PROVENANCE)
    return folder


@pytest.fixture(scope="session")
def raw_bundle(small_model, tmp_path_factory):
    """A bundle whose graph takes the log's own ids: numbers of items and users, words of the others."""
    folder = tmp_path_factory.mktemp("bundles") / "raw"
    export(small_model, folder, ids="raw", vocabularies=KEYS, provenance=PROVENANCE)
    return folder


BUCKETS = 30
MAX_AGE_S = 86400.0


@pytest.fixture(scope="session")
def hashed_features():
    """Those of the small model, items hashed, and steps of more than a day left out."""
    table = features(dim=8, max_length=6, price=True)
    hist = table.history["hist"].model_copy(update={"max_age_s": MAX_AGE_S})
    spaces = {**table.spaces, "item": Space(dim=8, hash_buckets=BUCKETS)}
    return table.model_copy(update={"spaces": spaces, "history": {"hist": hist}})


@pytest.fixture(scope="session")
def hashed_model(hashed_features):
    """Any length up to 6, with hashed items."""
    return randomise(compose(bst_small(pooling="max"), hashed_features))


@pytest.fixture(scope="session")
def hashed_bundle(hashed_model, tmp_path_factory):
    """A bundle with one hashed id space; vocabularies of the others."""
    folder = tmp_path_factory.mktemp("bundles") / "hashed"
    export(hashed_model, folder, vocabularies=KEYS, provenance=PROVENANCE)
    return folder


@pytest.fixture
def bundle(encoded_bundle, tmp_path):
    """A copy to be changed."""
    return shutil.copytree(encoded_bundle, tmp_path / "bundle")
