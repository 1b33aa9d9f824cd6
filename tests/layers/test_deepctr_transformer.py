"""DeepCTR's transformer by hand and by rule; the golden files hold its numbers, `tests/golden` replays them."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bstkit.layers.deepctr_transformer import DeepctrTransformer

BATCH, TIME, DIM = 4, 5, 6
PLAIN = {"use_positional_encoding": False, "use_residual": False, "use_feed_forward": False}
TYPES = ("scaled_dot_product", "cos", "ln", "additive")
FORMS = [
    {"attention_type": kind, "output_type": output, "use_layer_norm": norm}
    for kind, output, norm in zip(TYPES, ("mean", "sum", None, None), (False, True, True, False), strict=True)
]
MASKS = hnp.arrays(bool, (BATCH, TIME))


def values(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def made(**arguments):
    """A layer of two heads with weights that are not their initial ones and zeros."""
    layer = DeepctrTransformer(**{"num_heads": 2, "max_steps": 12} | arguments)
    layer.build((BATCH, TIME, DIM))
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(0.5, 0.5, weight.shape))
    return layer


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form["attention_type"])
def layer(request):
    return made(**request.param)


def promised(layer, result, mask):
    """What a call promises: a pooled row, or the real steps."""
    result = np.array(result)
    return result if layer.output_type else result[mask]


def identity(layer):
    """Projections that change nothing."""
    for dense in (layer.query_dense, layer.key_dense, layer.value_dense):
        dense.kernel.assign(np.eye(dense.kernel.shape[0]))
    return layer


STEPS = np.array([[[2.0], [0.0], [1.0]]], np.float32)
FIRST_TWO = np.array([[True, True, False]])


def test_attention_by_hand():
    layer = DeepctrTransformer(num_heads=1, blinding=False, output_type=None, **PLAIN)
    layer.build(STEPS.shape)
    first = 2 * np.exp(4) / (np.exp(4) + 1)  # scores 2 * 2 and 2 * 0
    np.testing.assert_allclose(identity(layer)(STEPS, FIRST_TWO)[0, :2], [[first], [1.0]], rtol=1e-5)


def test_blinding_by_hand_leaves_the_other_step():
    layer = DeepctrTransformer(num_heads=1, output_type=None, **PLAIN)
    layer.build(STEPS.shape)
    np.testing.assert_allclose(identity(layer)(STEPS, FIRST_TWO)[0, :2], [[0.0], [2.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("output_type", "exact", "expected"),
    [
        ("mean", False, 1.0),
        ("sum", False, 2.0),
        ("mean", True, 4 / 3),
        ("sum", True, 4.0),
    ],
)
def test_pooling_by_hand_counts_real_steps_and_exactly_as_deepctr_padding_too(output_type, exact, expected):
    layer = DeepctrTransformer(
        num_heads=1, output_type=output_type, deepctr_exact=exact, **PLAIN | {"use_residual": True}
    )
    layer.build(STEPS.shape)
    layer.value_dense.kernel.assign([[0.0]])  # the residual alone
    steps = STEPS + np.array([[[0.0], [0.0], [1.0]]], np.float32)
    np.testing.assert_allclose(layer(steps, FIRST_TWO), [[expected]], rtol=1e-6)


@pytest.mark.parametrize(("exact", "expected"), [(False, 0.0), (True, 1.0)])
def test_only_step_under_blinding_attends_to_nothing_and_exactly_as_deepctr_to_everything(exact, expected):
    layer = DeepctrTransformer(num_heads=1, output_type=None, deepctr_exact=exact, **PLAIN)
    layer.build(STEPS.shape)
    np.testing.assert_allclose(
        identity(layer)(STEPS, length=np.array([1]))[0, 0], [expected], atol=1e-6
    )  # the mean of 2, 0, 1


def test_feed_forward_without_residual_is_kept():
    steps = values(BATCH, TIME, DIM)
    mask = np.ones((BATCH, TIME), bool)
    arguments = {"use_residual": False, "output_type": None, "use_positional_encoding": False}
    plain = made(use_feed_forward=False, **arguments)
    ours, theirs = made(**arguments), made(deepctr_exact=True, **arguments)
    for layer in (ours, theirs):
        for name in ("query_dense", "key_dense", "value_dense"):
            getattr(layer, name).kernel.assign(getattr(plain, name).kernel)
    attended = np.array(plain(steps, mask))
    np.testing.assert_allclose(theirs(steps, mask), attended, rtol=1e-6)
    hidden = np.maximum(attended @ ours.ffn_hidden.kernel.numpy(), 0)
    np.testing.assert_allclose(ours(steps, mask), hidden @ ours.ffn_output.kernel.numpy(), rtol=1e-4, atol=1e-4)


@settings(max_examples=10, deadline=None)
@given(mask=MASKS)
@pytest.mark.parametrize("blinding", [False, True])
@pytest.mark.parametrize("attention_type", TYPES)
def test_default_equals_deepctr_at_real_steps_that_see_another(attention_type, blinding, mask):
    mask[:, :2] = True
    form = {"attention_type": attention_type, "blinding": blinding, "output_type": None, "use_layer_norm": True}
    ours, theirs = made(**form), made(**form, deepctr_exact=True)
    for position in (ours.query_position, ours.key_position):
        position.table.assign(position.table * DIM**0.5)  # what DeepCTR multiplies while it is called
    steps = values(BATCH, TIME, DIM)
    np.testing.assert_allclose(np.array(ours(steps, mask))[mask], np.array(theirs(steps, mask))[mask], atol=1e-4)


@settings(max_examples=10, deadline=None)
@given(mask=MASKS, fill=st.sampled_from([1e3, -1e3, np.nan, np.inf]))
def test_padding_never_influences(layer, mask, fill):
    steps = values(BATCH, TIME, DIM)
    dirty = np.where(mask[..., None], steps, np.float32(fill))
    clean = promised(layer, layer(steps, mask), mask)
    assert np.isfinite(np.array(layer(dirty, mask))).all()
    np.testing.assert_allclose(promised(layer, layer(dirty, mask), mask), clean, rtol=1e-5, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(mask=MASKS, order=st.permutations(range(BATCH)))
def test_rows_are_independent_and_permute(layer, mask, order):
    steps = values(BATCH, TIME, DIM)
    together = np.array(layer(steps, mask))
    np.testing.assert_allclose(layer(steps[order], mask[order]), together[order], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(layer(steps[:1], mask[:1]), together[:1], rtol=1e-5, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(length=hnp.arrays(np.int32, (BATCH,), elements=st.integers(0, TIME + 3)), dtype=st.sampled_from("if"))
def test_lengths_are_masks_and_more_padding_changes_nothing(layer, length, dtype):
    steps = values(BATCH, TIME, DIM)
    mask = np.arange(TIME) < length[:, None]
    expected = promised(layer, layer(steps, mask), mask)
    given_length = length[:, None].astype({"i": np.int32, "f": np.float32}[dtype])
    np.testing.assert_array_equal(promised(layer, layer(steps, length=given_length), mask), expected)
    longer, longer_mask = np.pad(steps, ((0, 0), (0, 2), (0, 0))), np.pad(mask, ((0, 0), (0, 2)))
    actual = promised(layer, layer(longer, longer_mask), longer_mask)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["attention_type"])
def test_empty_history_is_finite_and_pools_to_zero(form, dtype):
    layer = DeepctrTransformer(num_heads=2, dtype=dtype, **form)
    empty = np.zeros((BATCH, TIME), bool)
    result = np.array(layer(values(BATCH, TIME, DIM).astype(dtype), empty))
    assert result.dtype == dtype
    assert np.isfinite(result).all()
    if layer.output_type:
        np.testing.assert_array_equal(result, np.zeros((BATCH, DIM)))


def test_gradients_are_finite_where_padding_is_not():
    import tensorflow as tf

    layer = made(attention_type="cos", use_layer_norm=True)
    mask = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    steps = np.where(mask[..., None], values(BATCH, TIME, DIM), np.float32(np.nan))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(steps, mask) ** 2)
    for gradient in tape.gradient(loss, [weight.value for weight in layer.trainable_weights]):
        assert np.isfinite(np.array(gradient)).all()


def test_keys_of_another_length_are_masked_by_their_own_mask():
    layer = made(blinding=False, output_type=None)
    queries, keys = values(BATCH, 3, DIM), values(BATCH, TIME, DIM, seed=1)
    mask = np.arange(TIME) < np.array([[0], [1], [3], [5]])
    result = np.array(layer(queries, np.ones((BATCH, 3), bool), keys, mask))
    other = np.where(mask[..., None], keys, np.float32(np.nan))
    lengths = {"length": np.full((BATCH, 1), 3), "keys_length": mask.sum(1)}
    np.testing.assert_allclose(layer(queries, keys=other, **lengths), result, rtol=1e-5, atol=1e-5)
    assert result.shape == (BATCH, 3, DIM)


def test_steps_number_positions_and_default_to_counting():
    layer = made(output_type=None)
    steps, keys = values(BATCH, TIME, DIM), values(BATCH, 3, DIM, seed=1)
    mask, keys_mask = np.ones((BATCH, TIME), bool), np.ones((BATCH, 3), bool)
    counted = {"step": np.arange(TIME, dtype=np.int32)}
    np.testing.assert_allclose(layer(steps, mask, **counted), layer(steps, mask), atol=1e-6)
    expected = np.array(layer(steps, mask, keys, keys_mask))
    given = layer(steps, mask, keys, keys_mask, keys_step=np.arange(3, dtype=np.int32), **counted)
    np.testing.assert_allclose(given, expected, atol=1e-6)
    moved = layer(steps, mask, keys, keys_mask, keys_step=np.array([2, 0, 9], np.int32))
    assert np.abs(np.array(moved) - expected).max() > 1e-3


def test_free_length_and_stacked_layers_build_a_model(tmp_path):
    sequence, mask = keras.Input((None, DIM)), keras.Input((None,), dtype="bool")
    hidden = DeepctrTransformer(num_heads=3, output_type=None, max_steps=TIME)(sequence, mask)
    model = keras.Model([sequence, mask], DeepctrTransformer(num_heads=3, max_steps=TIME)(hidden, mask))
    inputs = [values(BATCH, TIME, DIM), np.arange(TIME) < np.array([[0], [1], [3], [5]])]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(inputs), model(inputs), rtol=1e-6)
    assert np.array(model([inputs[0][:, :2], inputs[1][:, :2]])).shape == (BATCH, DIM)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["attention_type"])
def test_config_round_trips(form):
    layer = made(dropout=0.25, deepctr_exact=True, head_dim=3, **form)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()
    assert twin.dropout == 0.25
    assert twin.deepctr_exact


def test_dropout_acts_in_training_only():
    layer = made(dropout=0.5)
    steps, mask = values(BATCH, TIME, DIM), np.ones((BATCH, TIME), bool)
    np.testing.assert_array_equal(layer(steps, mask), layer(steps, mask))
    assert np.abs(np.array(layer(steps, mask, training=True)) - np.array(layer(steps, mask))).max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_heads": 0}, "Received: num_heads=0"),
        ({"num_heads": 4}, "must be the width of the sequence, 6. Received: num_heads=4, head_dim=None"),
        ({"num_heads": 2, "head_dim": 2}, "Received: num_heads=2, head_dim=2"),
        ({"head_dim": 0}, "Received: head_dim=0"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\). Received: dropout=1.0"),
        ({"output_type": "max"}, "Received: output_type='max'"),
        ({"attention_type": "dot"}, "Received: attention_type='dot'"),
    ],
)
def test_wrong_argument_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DeepctrTransformer(**arguments).build((None, TIME, DIM))


@pytest.mark.parametrize(
    "masks", [{}, {"mask": np.ones((1, 3), bool), "length": np.ones((1, 1))}], ids=["none", "both"]
)
def test_mask_or_length_is_needed(masks):
    with pytest.raises(ValueError, match="`mask` or `length` must be given"):
        DeepctrTransformer(num_heads=1)(STEPS, **masks)


def test_free_length_needs_max_steps():
    with pytest.raises(ValueError, match="`max_steps` must be given where the length is free"):
        DeepctrTransformer(num_heads=2).build((None, None, DIM))
