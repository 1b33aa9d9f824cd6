"""Which tensors a component reads is up to its settings. The rules of every kind are tested in tests/testing."""

from importlib import import_module

import keras
import pytest

from bstkit.plugins import bstkit_components
from bstkit.slots import called_with

COMPONENTS = {component.key: component for component in bstkit_components()}


def layer_of(key, **kwargs):
    module, _, name = COMPONENTS[key].target.partition(":")
    return getattr(import_module(module), name)(**kwargs)


IGNORED = {
    "plain_gru": ("encoder.gru", {}, {"weight"}),
    "augru": ("encoder.gru", {"cell": "augru"}, set()),
    "deepctr_transformer": ("encoder.deepctr_transformer", {}, {"step"}),
    "deepctr_positions": (
        "encoder.deepctr_transformer",
        {"use_positional_encoding": True, "max_steps": 5},
        set(),
    ),
    "mean": ("pooling.mean", {}, set()),
}


@pytest.mark.parametrize(("key", "given", "ignored"), IGNORED.values(), ids=IGNORED)
def test_settings_decide_which_tensors_are_read(key, given, ignored):
    component = layer_of(key, **given)
    assert set(called_with(type(component))) - set(called_with(component)) == ignored


def test_an_error_inside_ignored_tensors_is_not_hidden():
    class Broken(keras.layers.Layer):
        @property
        def ignored_tensors(self):
            return self.no_such_attribute

        def call(self, sequence, mask):
            return sequence

    with pytest.raises(AttributeError, match="no_such_attribute"):
        called_with(Broken())
