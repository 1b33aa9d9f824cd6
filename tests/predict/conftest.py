"""A run on the log that has everything, with weights drawn at random: nothing here asks for training."""

import pytest

from bstkit.artefact import load_run, write_run
from bstkit.build import export_run
from bstkit.compose import compose
from bstkit.config.resolve import load_selection
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import take
from bstkit.staging import new_folder
from tests.export.conftest import randomise

SETTINGS = [
    'session={ encoder="weighted", pooling="mean" }',
    "pooling=mean",
    "branch.tags.encoder=weighted",
    "branch.tags.pooling=sum",
    "head.units=[16]",
]


@pytest.fixture(scope="session")
def rich_run(rich_log, tmp_path_factory):
    """Sessions, weights, a multi-valued column, two tasks; with an encoded bundle."""
    folder = tmp_path_factory.mktemp("rich_run")
    selection = load_selection("dsin", settings=SETTINGS, working_folder=folder, environ={})
    dataset = load_dataset(rich_log, features_for(rich_log))
    composed = randomise(compose(selection, dataset.features))
    with new_folder(folder / "run") as staging:
        write_run(
            staging,
            composed,
            vocabularies=dataset.vocabularies,
            history=[{"epoch": 1}],
            metrics={},
            heldout=take(dataset, dataset.rows("test"), composed.inputs),
            provenance={},
        )
    run = load_run(folder / "run")
    export_run(run)
    return run


@pytest.fixture(scope="session")
def raw_bundle(rich_run, tmp_path_factory):
    """The same model, with the vocabularies inside the graph."""
    folder = tmp_path_factory.mktemp("raw") / "bundle"
    export_run(rich_run, folder, ids="raw")
    return folder
