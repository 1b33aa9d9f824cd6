"""The lowerings of our own small layers: fewer nodes than tf2onnx writes, the same numbers."""

import keras
import numpy as np
import pytest

from bstkit.features.history import RecentSteps
from bstkit.features.ids import RowIds
from bstkit.layers.dice import Dice
from bstkit.plugins.last_pooling import LastPooling
from tests.export.graphs import convert, functional, keras_scores, operations, run

RNG = np.random.default_rng(3)


def learned_dice():
    """A layer whose weights all count: a channel that never varied, large and small statistics."""
    dice = Dice()
    dice.build((None, 4))
    dice.alphas.assign([0.0, 0.5, -1.0, 1.0])
    dice.moving_mean.assign([0.0, 100.0, -0.5, 3.0])
    dice.moving_variance.assign([1.0, 25.0, 0.01, 0.0])
    return dice


@pytest.mark.parametrize("shape", [(4,), (None, 4)], ids=str)
def test_dice_is_six_nodes(shape):
    dice = learned_dice()
    source = functional(lambda x: dice(x), x=("float32", shape))
    model = convert(source)
    assert operations(model) == {"Sub": 1, "Mul": 3, "Sigmoid": 1, "Add": 1}
    assert len(operations(convert(source, lower=False))) > 4
    x = RNG.normal(1.0, 50.0, (3, *(dim or 5 for dim in shape))).astype(np.float32)
    np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), rtol=1e-6, atol=1e-6)


def test_dice_names_what_it_computes_from_weights():
    dice = learned_dice()
    model = convert(functional(lambda x: dice(x), x=("float32", (4,))))
    values = {name: value.const_value.numpy() for name, value in model.graph.initializers.items()}
    np.testing.assert_array_equal(values[dice.alphas.path], dice.alphas.numpy())
    np.testing.assert_array_equal(values[dice.moving_mean.path], dice.moving_mean.numpy())
    np.testing.assert_array_equal(values[f"{dice.alphas.path}/_one_minus"], 1 - dice.alphas.numpy())
    assert dice.moving_variance.path not in values


def test_columns_are_compared_together():
    rule = RowIds([10, 3, 20_000_001])
    names = ("a", "b", "c")
    source = functional(
        lambda **ids: keras.ops.stack(rule([ids[name] for name in names]), axis=1),
        **dict.fromkeys(names, ("int32", ())),
    )
    model = convert(source)
    counted = operations(model)
    assert (counted["Less"], counted["Where"], counted["Max"], counted["Gather"]) == (1, 1, 1, 3)
    ids = np.array([-(2**31), -1, 0, 1, 2, 3, 9, 10, 20_000_000, 20_000_001, 2**31 - 1], np.int32)
    for batch in (ids, ids[:1], ids[:0]):
        feeds = {"a": batch, "b": batch[::-1], "c": np.roll(batch, 1)}
        np.testing.assert_array_equal(run(model, **feeds), keras_scores(source, **feeds))


MASKS = {
    "holes": [[True, False, True, False], [False, True, False, False], [True, True, True, True]],
    "empty": [[False] * 4] * 3,
    "one step": [[True], [False], [True]],
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_last_step_is_one_gather(mask):
    source = functional(lambda x, mask: LastPooling()(x, mask), x=("float32", (None, 2)), mask=("bool", (None,)))
    model = convert(source)
    assert sum(operations(model).values()) == 5 < sum(operations(convert(source, lower=False)).values())
    mask = np.array(mask)
    x = np.where(mask[..., None], RNG.normal(size=(*mask.shape, 2)), np.nan).astype(np.float32)
    np.testing.assert_array_equal(run(model, x=x, mask=mask), keras_scores(source, x=x, mask=mask))


@pytest.mark.parametrize("fixed_length", [False, True], ids=["free", "fixed"])
@pytest.mark.parametrize("time", [1, 3, 4, 9])
def test_recent_steps_are_those_of_call(time, fixed_length):
    layer = RecentSteps(3, fixed_length)
    source = functional(lambda mask: layer(mask), mask=("bool", (None,)))
    mask = RNG.random((20, time)) < 0.4
    mask[:, 0] = True  # where no step is real, any window will do
    np.testing.assert_array_equal(run(convert(source), mask=mask), keras_scores(source, mask=mask))
