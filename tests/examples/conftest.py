"""The import script as its users run it, without starting a process for each test."""

import importlib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def script():
    """The script's module; its folder stands on the path as it does when Python runs the script."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES / "import_keras2_weights")
        yield importlib.import_module("import_keras2_weights")
