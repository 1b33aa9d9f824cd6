"""The run on the log that has everything, exported otherwise."""

import pytest

from bstkit.build import export_run


@pytest.fixture(scope="session")
def raw_bundle(rich_run, tmp_path_factory):
    """The same model, with the vocabularies inside the graph."""
    folder = tmp_path_factory.mktemp("raw") / "bundle"
    export_run(rich_run, folder, ids="raw")
    return folder
