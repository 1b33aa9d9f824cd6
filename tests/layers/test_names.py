"""The public names of bstkit.layers: the nine reference layers, and nothing heavy before they are used."""

import subprocess
import sys

import keras
import pytest

import bstkit.layers
from bstkit.layers.deepctr_names import DEEPCTR


@pytest.mark.parametrize("name", bstkit.layers.__all__)
def test_public_name_is_a_layer_of_that_name(name):
    layer = getattr(bstkit.layers, name)
    assert issubclass(layer, keras.layers.Layer)
    assert layer.__name__ == name
    assert any(target.endswith(f":{name}") for target in (row.target for row in DEEPCTR.values()))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Transfomer'"):
        bstkit.layers.Transfomer  # noqa: B018 - reading it is the test


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, bstkit.layers; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
