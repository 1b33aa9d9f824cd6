"""What the tests of configuration share."""

from pathlib import Path

import pytest

from bstkit.config.resolve import load_selection
from bstkit.errors import BstkitError
from tests.plugin_packages import Packages


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


@pytest.fixture
def resolve(tmp_path, packages):
    """Resolve a selection in an empty folder; `here` and `extra` are texts of its registry.toml and of --registry."""

    def resolved(recipe=None, here=None, extra=None, environ=None, **options):
        registry_path = None
        if here is not None:
            Path(tmp_path / "registry.toml").write_text(here)
        if extra is not None:
            registry_path = tmp_path / "extra.toml"
            registry_path.write_text(extra)
        return load_selection(
            recipe,
            working_folder=tmp_path,
            environ=environ or {},
            registry_path=registry_path,
            found=packages.found,
            **options,
        )

    return resolved


@pytest.fixture
def refused(resolve):
    """Resolve a selection that is wrong, and return the error."""

    def error(*arguments, **options):
        with pytest.raises(BstkitError) as caught:
            resolve(*arguments, **options)
        return caught.value

    return error
