"""The programs, built for four bundles; a skip here says what the machine lacks."""

import os

import pytest

from tests.cpp.headers import NotHereError


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Bundles, programs, and what ctest said of them."""
    from tests.cpp.programs import build_once

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the workers' common one
    try:
        return build_once(folder)
    except NotHereError as error:
        pytest.skip(f"THE C++ CONSUMER IS NOT TESTED HERE: {error}")
