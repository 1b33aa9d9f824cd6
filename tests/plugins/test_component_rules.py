"""The rules that every built-in encoder, score and pooling obeys, over one table."""

from importlib import import_module

import keras
import numpy as np
import pytest

from bstkit.contracts import KINDS
from bstkit.plugins import bstkit_components
from bstkit.slots import called_with

COMPONENTS = {component.key: component for component in bstkit_components()}
SEQUENTIAL = [key for key, component in COMPONENTS.items() if component.kind in ("encoder", "score", "pooling")]
EMPTY = 5  # the row of the fixtures that has no real step


def layer_of(key, **kwargs):
    module, _, name = COMPONENTS[key].target.partition(":")
    return getattr(import_module(module), name)(**kwargs)


def run(layer, sequence, mask, target):
    """Call with the tensors that the component needs; the weight is 0 at masked steps."""
    weight = np.where(mask, np.abs(sequence[..., 0]), np.float32(0.0))
    given = {"sequence": sequence, "mask": mask, "target": target, "weight": weight}
    named = called_with(type(layer)).items()
    names = [name for name, parameter in named if parameter.default is parameter.empty]
    return np.array(layer(*(keras.ops.convert_to_tensor(given[name]) for name in names)))


def real_part(key, result, mask):
    """What a component promises: an encoder nothing at masked steps, the others everything."""
    return result[mask] if key.startswith("encoder.") else result


@pytest.mark.parametrize("key", SEQUENTIAL)
@pytest.mark.parametrize("fill", [1e4, np.nan], ids=["large", "nan"])
def test_padding_is_ignored(key, fill, sequence, mask, target):
    layer = layer_of(key)
    clean = run(layer, sequence, mask, target)
    dirty = run(layer, np.where(mask[..., None], sequence, np.float32(fill)), mask, target)
    np.testing.assert_allclose(real_part(key, dirty, mask), real_part(key, clean, mask), atol=1e-6)


@pytest.mark.parametrize("key", [key for key in SEQUENTIAL if not key.endswith("flatten")])
def test_more_padding_changes_nothing(key, sequence, mask, target):
    layer = layer_of(key)
    short = run(layer, sequence, mask, target)
    long = run(layer, np.pad(sequence, ((0, 0), (0, 3), (0, 0))), np.pad(mask, ((0, 0), (0, 3))), target)
    if not key.startswith("pooling."):
        long = long[:, :6]
    np.testing.assert_allclose(real_part(key, long, mask), real_part(key, short, mask), atol=2e-6)


@pytest.mark.parametrize("key", SEQUENTIAL)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_empty_history_is_finite_and_pools_to_zero(key, dtype, sequence, mask, target):
    result = run(layer_of(key, dtype=dtype), sequence, mask, target)
    assert np.isfinite(result).all()
    if not key.startswith("encoder."):
        np.testing.assert_array_equal(result[EMPTY], np.zeros_like(result[EMPTY]))


@pytest.mark.parametrize("key", SEQUENTIAL)
def test_rows_are_independent(key, sequence, mask, target):
    layer = layer_of(key)
    together = run(layer, sequence, mask, target)
    order = np.array([3, 0, 5, 2, 1, 4])
    permuted = run(layer, sequence[order], mask[order], target[order])
    np.testing.assert_allclose(permuted, together[order], atol=1e-6)
    alone = np.concatenate([run(layer, sequence[i : i + 1], mask[i : i + 1], target[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("key", SEQUENTIAL)
def test_config_round_trips_with_the_same_result(key, sequence, mask, target):
    layer = layer_of(key)
    expected = run(layer, sequence, mask, target)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    run(twin, sequence, mask, target)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(run(twin, sequence, mask, target), expected)


@pytest.mark.parametrize("key", list(COMPONENTS))
def test_call_names_only_what_its_kind_is_given(key):
    module, _, name = COMPONENTS[key].target.partition(":")
    named = called_with(getattr(import_module(module), name))
    assert set(named) <= set(KINDS[COMPONENTS[key].kind].call)


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
