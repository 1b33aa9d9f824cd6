"""The import script as its users run it, without starting a process for each test."""

import importlib
import re
from pathlib import Path

import pytest

from tests.examples.small_bst import write_small_run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def script():
    """The script's module; its folder stands on the path as it does when Python runs the script."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES / "import_keras2_weights")
        yield importlib.import_module("import_keras2_weights")


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    return write_small_run(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture
def refused(script, small_run, tmp_path, capsys):
    """Import a changed file; return what standard error said, after checking that nothing was left behind."""

    def run(weights, *arguments, like=small_run):
        out = tmp_path / "out"
        before = set(tmp_path.iterdir())
        assert script.main([str(weights), *([str(like)] if like else []), "--out", str(out), *arguments]) == 2
        assert set(tmp_path.iterdir()) == before
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert len(re.findall("^hint:  ", said.err, re.MULTILINE)) == 1
        return said.err

    return run
