"""`import bstkit` gives every public name and costs nothing."""

import subprocess
import sys
from collections.abc import Callable

import pytest

import bstkit


def test_all_is_sorted_and_listed_by_dir():
    assert sorted(bstkit.__all__) == sorted(set(bstkit.__all__))
    assert dir(bstkit) == sorted(bstkit.__all__)


@pytest.mark.parametrize("name", bstkit.__all__)
def test_no_submodule_hides_a_public_name(name):
    import bstkit.compose
    import bstkit.export.folder
    import bstkit.training

    expected = str if name == "__version__" else Callable
    assert isinstance(getattr(bstkit, name), expected)


def test_every_error_is_public():
    from bstkit import errors

    names = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert names <= set(bstkit.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'bstkit' has no attribute 'compse'"):
        bstkit.compse  # noqa: B018 - reading it is the test


def test_import_loads_nothing_but_the_standard_library():
    code = (
        "import bstkit, sys; print([m for m in ('typer', 'pydantic', 'pluggy', 'numpy', 'keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
