"""What every test needs: a quiet TensorFlow, and one small trained and exported run that many tests look at."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def small_log(tmp_path_factory):
    """A small click log as a CSV file, its features beside it."""
    from bstkit.config.features_file import features_to_toml
    from tests.small_log import small_features, write_small_log

    folder = tmp_path_factory.mktemp("log")
    (folder / "features.toml").write_text(features_to_toml(small_features()))
    return write_small_log(folder / "log.csv")


@pytest.fixture(scope="session")
def rich_log(tmp_path_factory):
    """A small log with a multi-valued column, weights and two tasks, its features beside it."""
    from bstkit.config.features_file import features_to_toml
    from tests.rich_log import rich_features, write_rich_log

    folder = tmp_path_factory.mktemp("rich")
    (folder / "features.toml").write_text(features_to_toml(rich_features()))
    return write_rich_log(folder / "log.csv")


@pytest.fixture(scope="session")
def small_selection(tmp_path_factory):
    """The default recipe, made small."""
    from bstkit.config.resolve import load_selection
    from tests.small_log import SETTINGS

    empty = tmp_path_factory.mktemp("empty")
    return load_selection(
        slots={"encoder": "transformer", "pooling": "attention"}, settings=SETTINGS, working_folder=empty, environ={}
    )


@pytest.fixture(scope="session")
def built(small_log, small_selection, tmp_path_factory):
    """A trained run with a verified export; tests that change files copy it first."""
    from bstkit.build import build
    from bstkit.data.feature_files import features_for

    folder = tmp_path_factory.mktemp("runs") / "small"
    return build(small_selection, folder, data=small_log, features=features_for(small_log))


@pytest.fixture(scope="session")
def rich_run(rich_log, tmp_path_factory):
    """Sessions, weights, a multi-valued column, two tasks; random weights, not trained; with an encoded bundle."""
    from bstkit.artefact import load_run, write_run
    from bstkit.build import export_run
    from bstkit.compose import compose
    from bstkit.config.resolve import load_selection
    from bstkit.data.dataset import load_dataset
    from bstkit.data.feature_files import features_for
    from bstkit.data.feeding.feed import take
    from bstkit.staging import new_folder
    from tests.export.conftest import randomise
    from tests.rich_log import SETTINGS

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
