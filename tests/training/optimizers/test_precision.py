"""`[train] precision`: training computes in short floats, what is kept and served in float32."""

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from bstkit.artefact import load_run
from bstkit.build import build
from bstkit.config.features import ContextId, ContextNumeric
from bstkit.config.optimizers import LazyAdam
from bstkit.config.resolve import load_selection
from bstkit.config.selection import TrainSettings
from bstkit.precision import computing_in
from bstkit.registry import load_registry
from bstkit.training.fit import compile_training
from bstkit.training.optimizers.optimizer import make_optimizer
from bstkit.training.optimizers.precision import LossScale, compose_for_training, in_float32
from tests import models
from tests.small_log import SETTINGS

RECIPES = {
    "bst_small": ("encoder.ffn_dim=16", "encoder.num_heads=2"),
    "bst": ("encoder.ffn_dim=16", "encoder.num_heads=2", "encoder.num_blocks=1"),
    "bst_deepctr": (),
    "din": (),
    "dien": ("encoder.1.units=[8]",),
    "dsin": ("pooling.1.encoder.num_layers=1",),
}
REST = {
    "append": (
        "candidate=append",
        "position=time_gap",
        'encoder=[{ use = "bilstm", num_layers = 1 }, "weighted"]',
        'pooling=["max", "kmax", "sum", "mean", "last", "flatten"]',
        'head={ use = "cross", units = [8] }',
    ),
    "apart": (
        "candidate=apart",
        "position=learned",
        'encoder=[{ use = "deepctr_transformer", attention_type = "cos" }, "score.attention",'
        ' { use = "gru", cell = "agru" }, "identity"]',
        'pooling=["attention", "mean"]',
        'head={ use = "mmoe", expert_units = [8], tower_units = [4] }',
    ),
}
CASES = {
    **{recipe: (recipe, (*settings, "head.units=[8]")) for recipe, settings in RECIPES.items()},
    **{name: ("bst_small", settings) for name, settings in REST.items()},
}
"""Every recipe, and the built-in components that no recipe has."""
CONTEXT = {
    "user_id": ContextId(space="user"),
    "price": ContextNumeric(numeric="standardise", mean=1e6, std=3e5),  # float16 ends at 65,504
    "rank": ContextNumeric(numeric="bucket", edges=(2000.5, 7e4), dim=4),
}


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize(("recipe", "settings"), CASES.values(), ids=CASES)
def test_every_recipe_trains_in_short_floats(recipe, settings, precision, tmp_path):
    settings = [*settings, f"train.precision={precision}"]
    selection = load_selection(recipe, settings=settings, working_folder=tmp_path, environ={})
    history = {"session_gap_s": 60.0, "max_sessions": 2, "session_length": 2, "negatives": "uniform", "weight": "w"}
    registry = load_registry(selection)
    keras.utils.set_random_seed(0)
    composed = compose_for_training(selection, models.features(dim=8, context=CONTEXT, **history), registry)
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in composed.training.layers} == {precision[6:], "float32"}
    inputs = models.feeds(composed, rows=4, time=4, lengths=[0, 1, 3, 4], training=True)
    inputs["price"] = inputs["price"] * np.float32(3e5) + np.float32(1e6)
    compile_training(composed, 1)
    composed.training.run_eagerly = True
    before = composed.training.get_weights()
    labels = {"ctr": np.array([[0], [1], [0], [1]], np.float32)}
    steps = 4 if precision == "mixed_float16" else 1  # the loss's first scale may be too large for a step or two
    losses = [float(composed.training.train_on_batch(inputs, labels)) for _ in range(steps)]
    assert np.isfinite(losses).all()
    assert {weight.dtype for weight in composed.training.weights} == {"float32"}
    assert any(np.any(old != new) for old, new in zip(before, composed.training.get_weights(), strict=True))

    served = in_float32(composed, registry)
    assert {layer.compute_dtype for layer in served.serving._flatten_layers()} == {"float32"}
    for ours, theirs in zip(served.training.weights, composed.training.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.path)
    given = {spec.name: inputs[spec.name] for spec in served.inputs}
    np.testing.assert_allclose(models.logits(served, given), models.logits(composed, given), atol=0.1)


@pytest.fixture(scope="module")
def half(small_log, tmp_path_factory):
    """A run that was trained in float16, exported and verified."""
    folder = tmp_path_factory.mktemp("half")
    settings = [*SETTINGS, "train.epochs=1", "train.precision=mixed_float16", "train.optimizer=lazy_adam"]
    selection = load_selection(settings=settings, working_folder=folder, environ={})
    return build(selection, folder / "run", data=small_log)


def test_exported_model_holds_no_short_float(half):
    model = onnx.load(half.run.model)
    short = {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
    values = [*model.graph.input, *model.graph.output, *onnx.shape_inference.infer_shapes(model).graph.value_info]
    assert not short & {one.type.tensor_type.elem_type for one in values}
    assert not short & {one.data_type for one in model.graph.initializer}
    casts = [node for node in model.graph.node if node.op_type == "Cast"]
    assert not short & {attribute.i for node in casts for attribute in node.attribute}
    assert half.report.outputs["ctr"].max_abs <= 1e-5


def test_run_is_scored_and_reopened_in_float32(half):
    again = load_run(half.run.folder)
    assert again.selection.train.precision == "mixed_float16"
    assert {layer.compute_dtype for layer in again.composed.serving.layers} == {"float32"}
    scores = again.composed.serving(again.heldout)["ctr"].numpy()[:, 0]
    np.testing.assert_allclose(again.heldout_scores["ctr"], scores, atol=1e-6)
    assert keras.config.dtype_policy().name == "float32"


def test_reopened_run_computes_in_float32_whatever_the_process_does(half):
    with computing_in("mixed_float16"):
        composed = load_run(half.run.folder).composed
    assert {layer.compute_dtype for layer in composed.serving.layers} == {"float32"}


def test_policy_is_put_back_when_composing_fails():
    with pytest.raises(ValueError, match="refused"), computing_in("mixed_bfloat16"):
        raise ValueError("refused")
    assert keras.config.dtype_policy().name == "float32"


def test_float32_is_composed_once():
    composed = models.composed()
    assert in_float32(composed, None) is composed


@pytest.mark.parametrize("settings", [{}, {"optimizer": LazyAdam()}, {"clip_norm": 1.0, "embedding_l2": 0.1}], ids=str)
def test_float16_scales_the_loss_and_not_the_steps(settings):
    """A table's gradient, scaled, gives the step that it gives unscaled; an infinite one gives none."""
    tables = {}
    for precision in ("float32", "mixed_float16"):
        table = keras.Variable(np.ones((5, 2), np.float32), name="table")
        optimizer = make_optimizer(TrainSettings(precision=precision, **settings), 1, [table.path])
        optimizer.build([table])
        scale = optimizer.scale_loss(np.float32(1.0)) if precision == "mixed_float16" else 1.0
        values = tf.constant([[0.5, -0.25]]) * tf.cast(scale, "float32")
        optimizer.apply([tf.IndexedSlices(values, tf.constant([3]), tf.constant([5, 2]))], [table])
        tables[precision] = table.numpy()
    assert isinstance(optimizer, LossScale)
    np.testing.assert_allclose(tables["mixed_float16"], tables["float32"], rtol=1e-6)
    assert np.any(tables["float32"] != 1.0)
    optimizer.apply([tf.IndexedSlices(values * np.inf, tf.constant([3]), tf.constant([5, 2]))], [table])
    np.testing.assert_array_equal(table.numpy(), tables["mixed_float16"])


def test_finite_gradients_are_told_without_the_table():
    """A table of this size would not fit into memory."""
    gradient = tf.IndexedSlices(tf.ones((1, 64)), tf.constant([0], tf.int64), tf.constant([10**12, 64], tf.int64))
    assert bool(LossScale(keras.optimizers.SGD()).check_finite([gradient, None]))
