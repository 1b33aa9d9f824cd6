"""The rules that every head obeys, over one table; then each head against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.layers.joined import joined, joined_shape
from bstkit.plugins.cross_head import CrossHead
from bstkit.plugins.mlp import MlpHead
from bstkit.plugins.mmoe_head import MmoeHead

TASKS = ("ctr", "cvr")
BATCH = 6
POOLED, CONTEXT, TARGET = (
    np.random.default_rng(seed).normal(size=(BATCH, width)).astype(np.float32) for seed, width in enumerate((4, 3, 2))
)
JOINED = np.concatenate([POOLED, TARGET, CONTEXT], -1)
HEADS = {
    "mlp": (MlpHead, {"units": (5, 3)}),
    "mlp-linear": (MlpHead, {"units": ()}),
    "mlp-dice": (MlpHead, {"units": (5, 3), "activation": "dice", "batch_normalization": True}),
    "mlp-prelu": (MlpHead, {"units": (5,), "activation": "prelu"}),
    "cross": (CrossHead, {"units": (5, 3)}),
    "cross-stacked": (CrossHead, {"units": (5,), "structure": "stacked", "num_layers": 3, "rank": 2}),
    "cross-alone": (CrossHead, {"units": (), "activation": "dice"}),
    "mmoe": (MmoeHead, {"num_experts": 3, "expert_units": (5,), "tower_units": (3,), "activation": "tanh"}),
    "mmoe-linear": (MmoeHead, {"expert_units": (5, 4), "tower_units": (), "activation": "prelu"}),
    "mmoe-one-expert": (MmoeHead, {"num_experts": 1, "expert_units": (5,), "tower_units": (3,), "activation": "dice"}),
}


def made(name, tasks=TASKS, **further):
    """A head whose every weight is its own number."""
    head_class, arguments = HEADS[name]
    head = head_class(tasks, **arguments, **further)
    head(POOLED, CONTEXT, TARGET)
    rng = np.random.default_rng(7)
    for weight in head.trainable_weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return head


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("tasks", [TASKS, ("ctr",)], ids=len)
def test_each_task_has_one_logit_of_its_own(name, tasks):
    logits = made(name, tasks)(POOLED, CONTEXT, TARGET)
    assert list(logits) == list(tasks)
    assert all(tuple(logit.shape) == (BATCH, 1) for logit in logits.values())
    if len(tasks) == 2:
        assert np.abs(np.array(logits["ctr"]) - np.array(logits["cvr"])).max() > 1e-3


@pytest.mark.parametrize("name", HEADS)
def test_parts_are_joined_in_the_order_pooled_target_context(name):
    head = made(name)
    whole = head.__class__.from_config(head.get_config())
    whole.build(JOINED.shape)
    whole.set_weights(head.get_weights())
    for task, logit in head(POOLED, context=CONTEXT, target=TARGET).items():
        np.testing.assert_allclose(whole(JOINED)[task], logit, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", HEADS)
def test_target_and_context_may_be_absent(name):
    head_class, arguments = HEADS[name]
    for given in ({}, {"context": CONTEXT}, {"target": TARGET}):
        logits = head_class(("ctr",), **arguments)(POOLED, **given)
        assert np.isfinite(logits["ctr"]).all()


@pytest.mark.parametrize("name", HEADS)
def test_config_round_trips_with_the_same_result(name):
    head = made(name, dropout=0.25)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(head))
    assert twin.get_config() == head.get_config()
    expected = head(POOLED, CONTEXT, TARGET)
    twin(POOLED, CONTEXT, TARGET)
    twin.set_weights(head.get_weights())
    for task, logit in twin(POOLED, CONTEXT, TARGET).items():
        np.testing.assert_array_equal(logit, expected[task])


@pytest.mark.parametrize("name", HEADS)
def test_float16_is_finite_and_close(name):
    expected = made(name)(POOLED, CONTEXT, TARGET)
    for task, logit in made(name, dtype="float16")(POOLED, CONTEXT, TARGET).items():
        assert keras.backend.standardize_dtype(logit.dtype) == "float16"
        np.testing.assert_allclose(logit, expected[task], rtol=0.1, atol=0.1)


@pytest.mark.parametrize("name", HEADS)
def test_gradients_reach_every_weight(name):
    head = made(name)
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_sum(logit**2) for logit in head(POOLED, CONTEXT, TARGET, training=True).values())
    gradients = tape.gradient(loss, [weight.value for weight in head.trainable_weights])
    for weight, gradient in zip(head.trainable_weights, gradients, strict=True):
        assert np.abs(np.array(gradient)).max() > 0, weight.path


@pytest.mark.parametrize("name", ["mlp", "cross", "cross-stacked", "mmoe"])
def test_dropout_acts_in_training_only(name):
    head = made(name, dropout=0.5)
    served = np.array(head(POOLED, CONTEXT, TARGET)["ctr"])
    np.testing.assert_array_equal(head(POOLED, CONTEXT, TARGET)["ctr"], served)
    assert np.abs(np.array(head(POOLED, CONTEXT, TARGET, training=True)["ctr"]) - served).max() > 1e-3


@pytest.mark.parametrize("head_class", [MlpHead, CrossHead, MmoeHead])
def test_weights_have_paths_of_their_own(head_class):
    head = head_class(TASKS, name="head")
    head(POOLED, CONTEXT, TARGET)
    paths = [weight.path for weight in head.weights]
    assert len(set(paths)) == len(paths)
    assert {"head/ctr_logit/kernel", "head/cvr_logit/bias"} <= set(paths)


@pytest.mark.parametrize(
    ("head_class", "arguments", "message"),
    [
        (MlpHead, {"units": [0]}, r"Received: units=\(0,\)"),
        (MlpHead, {"dropout": 1.0}, "Received: dropout=1.0"),
        (MlpHead, {"activation": "relo"}, "relo"),
        (CrossHead, {"structure": "serial"}, "Received: structure='serial'"),
        (CrossHead, {"num_layers": 0}, "Received: num_layers=0"),
        (CrossHead, {"rank": 0}, "Received: rank=0"),
        (CrossHead, {"activation": "relo"}, "relo"),
        (MmoeHead, {"num_experts": 0}, "Received: num_experts=0"),
        (MmoeHead, {"expert_units": []}, r"`expert_units` must hold one width or more. Received: expert_units=\[\]"),
        (MmoeHead, {"tower_units": [0]}, r"`tower_units` must be at least 1 each. Received: tower_units=\[0\]"),
        (MmoeHead, {"dropout": -0.1}, "Received: dropout=-0.1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_parameters_are_refused_before_building(head_class, arguments, message):
    with pytest.raises(ValueError, match=message):
        head_class(TASKS, **arguments)


def dense(layer, inputs):
    return inputs @ layer.kernel.numpy().astype(np.float64) + layer.bias.numpy()


def test_mlp_equals_its_formula():
    head = made("mlp")
    hidden = JOINED
    for layer in head.hidden.dense:
        hidden = np.maximum(dense(layer, hidden), 0.0)
    for layer, logit in zip(head.logits, head(POOLED, CONTEXT, TARGET).values(), strict=True):
        np.testing.assert_allclose(logit, dense(layer, hidden), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["cross", "cross-stacked"])
def test_cross_equals_its_formula(name):
    head = made(name)
    crossed = np.array(head.cross(JOINED))
    hidden = crossed if name == "cross-stacked" else JOINED
    for layer in head.hidden.dense:
        hidden = np.maximum(dense(layer, hidden), 0.0)
    read = hidden if name == "cross-stacked" else np.concatenate([crossed, hidden], -1)
    for layer, logit in zip(head.logits, head(POOLED, CONTEXT, TARGET).values(), strict=True):
        np.testing.assert_allclose(logit, dense(layer, read), rtol=1e-4, atol=1e-4)


def test_mmoe_gives_each_task_its_own_mixture_and_tower():
    head = made("mmoe")
    logits = head(POOLED, CONTEXT, TARGET)
    for number, (task, mixture) in enumerate(zip(TASKS, head.mixture(JOINED), strict=True)):
        hidden = np.tanh(dense(head.towers[number].dense[0], np.array(mixture)))
        np.testing.assert_allclose(logits[task], dense(head.logits[number], hidden), rtol=1e-4, atol=1e-5)


def test_joined_states_its_order_and_its_shape():
    np.testing.assert_array_equal(joined(POOLED, TARGET, CONTEXT), JOINED)
    assert joined(POOLED) is POOLED
    assert joined_shape((None, 4), None, (None, 3)) == (None, 7)
