"""objective.next_step by hand, in float64, and against DeepCTR's own auxiliary loss."""

import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.plugins.next_step_objective import NextStepObjective

GOLDEN = (
    Path(os.environ.get("BSTKIT_GOLDEN", Path(__file__).parents[3] / "shared" / "golden")) / "model__DIEN_AUGRU_neg.npz"
)


@pytest.fixture
def clicked():
    return np.random.default_rng(2).normal(size=(6, 6, 3)).astype(np.float32)


@pytest.fixture
def negative():
    return np.random.default_rng(3).normal(size=(6, 6, 3)).astype(np.float32)


def made(**arguments):
    """A built objective for states of width 8 and behaviours of width 3, with weights of its own."""
    layer = NextStepObjective(**{"units": (5, 4)} | arguments)
    layer.build((None, None, 8), (None, None, 3), (None, None, 3))
    rng = np.random.default_rng(4)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))
    return layer


def sums(layer, sequence, mask, clicked, negative):
    """The loss of all pairs of real steps in float64, and how many pairs there are; sigmoid activations."""

    def probability(state, step):
        hidden = np.concatenate([state, step]).astype(np.float64)
        for dense in (*layer.network.dense, layer.score):
            hidden = 1 / (1 + np.exp(-(hidden @ dense.kernel.numpy() + dense.bias.numpy())))
        return hidden[0]

    pairs = [(row, t) for row, t in np.argwhere(mask[:, :-1]) if mask[row, t + 1]]
    losses = [
        -np.log(probability(sequence[row, t], clicked[row, t + 1]))
        - np.log(1 - probability(sequence[row, t], negative[row, t + 1]))
        for row, t in pairs
    ]
    return sum(losses), len(pairs)


def test_by_hand():
    layer = NextStepObjective(scale=2.0, units=())
    layer.build((None, None, 1), (None, None, 1), (None, None, 1))
    layer.score.kernel.assign([[1.0], [1.0]])  # the logit is state + step
    states = np.array([[[0.0], [1.0], [5.0], [9.0]], [[2.0], [0.0], [0.0], [0.0]]], np.float32)
    clicked = np.array([[[7.0], [0.5], [1.0], [8.0]], [[1.0], [3.0], [0.0], [0.0]]], np.float32)
    negative = np.array([[[7.0], [-1.0], [-3.0], [8.0]], [[1.0], [0.0], [0.0], [0.0]]], np.float32)
    mask = np.array([[True, True, True, False], [True, False, False, True]])  # two pairs; a hole leaves none

    def loss(came, sampled):
        return np.log(1 + np.exp(-came)) + np.log(1 + np.exp(sampled))

    both = loss(0.0 + 0.5, 0.0 - 1.0) + loss(1.0 + 1.0, 1.0 - 3.0)
    result = layer(states, mask, clicked, negative)
    assert tuple(result.shape) == ()
    np.testing.assert_allclose(result, 2.0 * both / 2, rtol=1e-6)
    exact = NextStepObjective(scale=2.0, units=(), deepctr_exact=True)
    exact.build((None, None, 1), (None, None, 1), (None, None, 1))
    exact.set_weights(layer.get_weights())
    np.testing.assert_allclose(exact(states, mask, clicked, negative), 2.0 * both / 6, rtol=1e-6)


def test_equals_the_formula_over_all_masks(sequence, mask, clicked, negative):
    layer, exact = made(scale=0.5), made(scale=0.5, deepctr_exact=True)
    total, pairs = sums(layer, sequence, mask, clicked, negative)
    np.testing.assert_allclose(layer(sequence, mask, clicked, negative), 0.5 * total / pairs, rtol=1e-5)
    np.testing.assert_allclose(exact(sequence, mask, clicked, negative), 0.5 * total / (6 * 5), rtol=1e-5)


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the whole golden set is not here: BSTKIT_GOLDEN")
def test_gives_deepctrs_own_auxiliary_loss():
    file = np.load(GOLDEN)
    assert json.loads(str(file["meta"]))["config"]["use_negsampling"]
    tables = [file[f"w/sparse_seq_emb_neg_hist_{field}/embeddings:0"] for field in ("item_id", "cate_id")]
    clicked, negative = (
        np.concatenate(
            [table[file[f"in/{kind}_{field}"]] for table, field in zip(tables, ("item_id", "cate_id"), strict=True)],
            -1,
        )
        for kind in ("hist", "neg_hist")
    )
    states = file["out/mid/gru1/0"]
    mask = np.arange(states.shape[1]) < file["in/seq_length"][:, None]
    layer = NextStepObjective(deepctr_exact=True)
    layer.build(states.shape, clicked.shape, negative.shape)
    for number, dense in enumerate((*layer.network.dense, layer.score)):
        dense.kernel.assign(file[f"w/dnn/kernel{number}:0"])
        dense.bias.assign(file[f"w/dnn/bias{number}:0"])
    [expected] = file["out/aux_loss"]
    assert abs(float(layer(states, mask, clicked, negative)) - expected) <= 1e-6 + 1e-5 * abs(expected)
    assert not mask.all()


@pytest.mark.parametrize("fill", [1e4, np.nan, np.inf], ids=["large", "nan", "inf"])
def test_padding_is_ignored(fill, sequence, mask, clicked, negative):
    layer = made()
    clean = layer(sequence, mask, clicked, negative)
    dirty = [np.where(mask[..., None], steps, np.float32(fill)) for steps in (sequence, clicked, negative)]
    np.testing.assert_allclose(layer(dirty[0], mask, *dirty[1:]), clean, rtol=1e-6)


def test_more_padding_changes_nothing_unless_as_deepctr(sequence, mask, clicked, negative):
    longer = [np.pad(steps, ((0, 0), (0, 4), (0, 0))) for steps in (sequence, clicked, negative)]
    longer_mask = np.pad(mask, ((0, 0), (0, 4)))
    layer, exact = made(), made(deepctr_exact=True)
    np.testing.assert_allclose(
        layer(longer[0], longer_mask, *longer[1:]), layer(sequence, mask, clicked, negative), rtol=1e-6
    )
    np.testing.assert_allclose(
        np.array(exact(longer[0], longer_mask, *longer[1:])) * 9 / 5,
        exact(sequence, mask, clicked, negative),
        rtol=1e-5,
    )


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("time", [1, 6])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_without_a_pair_it_is_zero(exact, time, dtype, sequence, clicked, negative):
    layer = made(deepctr_exact=exact, dtype=dtype)
    mask = np.zeros((6, time), bool)
    mask[:, 0] = True
    assert float(layer(sequence[:, :time], mask, clicked[:, :time], negative[:, :time])) == 0.0


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "bfloat16"])
def test_narrow_policies_give_a_float32_loss(policy, sequence, mask, clicked, negative):
    expected = made()(sequence, mask, clicked, negative)
    loss = made(dtype=policy)(sequence, mask, clicked, negative)
    assert loss.dtype == tf.float32
    np.testing.assert_allclose(loss, expected, rtol=0.05)


def test_saturated_logits_stay_finite_and_still_teach(sequence, mask, clicked, negative):
    layer = made(units=())
    layer.score.kernel.assign(np.full((11, 1), 1e3, np.float32))  # DeepCTR: log(0), NaN
    with tf.GradientTape() as tape:
        loss = layer(sequence, mask, clicked, negative)
    [gradient, bias] = tape.gradient(loss, [weight.value for weight in layer.trainable_weights])
    assert np.isfinite(float(loss))
    assert float(loss) > 100
    assert np.isfinite(np.array(gradient)).all()
    assert np.abs(np.array(gradient)).max() > 0
    assert np.isfinite(np.array(bias)).all()


@pytest.mark.parametrize("activation", ["sigmoid", "dice", "prelu"])
def test_gradients_reach_every_weight_the_states_and_both_histories(activation, sequence, mask, clicked, negative):
    layer = made(activation=activation)
    inputs = [tf.constant(np.where(mask[..., None], x, np.float32(np.nan))) for x in (sequence, clicked, negative)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = layer(inputs[0], mask, *inputs[1:], training=True)
    weights = [weight.value for weight in layer.trainable_weights]
    for gradient in tape.gradient(loss, [*weights, *inputs]):
        assert np.isfinite(np.array(gradient)).all()
        assert np.abs(np.array(gradient)).max() > 0


def test_model_of_free_length_saves_and_loads(tmp_path, sequence, mask, clicked, negative):
    inputs = [keras.Input((None, 8)), keras.Input((None,), dtype="bool"), *(keras.Input((None, 3)) for _ in range(2))]
    layer = NextStepObjective(scale=0.5, units=(5,), activation="prelu", deepctr_exact=True)
    model = keras.Model(inputs, layer(*inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = [sequence, mask, clicked, negative]
    np.testing.assert_array_equal(loaded(given), model(given))
    assert loaded.layers[-1].get_config() == layer.get_config()
    assert np.isfinite(float(model([x[:1, :2] for x in given])))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": -1.0}, "Received: scale=-1.0"),
        ({"units": [0]}, r"Received: units=\(0,\)"),
        ({"activation": "sigmoit"}, "sigmoit"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NextStepObjective(**arguments)


def test_negatives_of_another_width_are_refused(sequence, mask, clicked, negative):
    with pytest.raises(ValueError, match="`negative` must be as wide as `clicked`, 3"):
        NextStepObjective()(sequence, mask, clicked, negative[..., :2])
