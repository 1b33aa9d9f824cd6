"""The target `onnxruntime`: each rewrite on a graph made for it, what must stay as it is, and whole recipes."""

import keras
import numpy as np
import onnx_ir as ir
import pytest

from bstkit.compose import compose
from bstkit.config.resolve import load_selection
from bstkit.errors import VerificationError
from bstkit.export import export, verify
from bstkit.export.assemble import assemble
from bstkit.export.cases import make_cases
from bstkit.export.checks import read_model
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.targets.onnxruntime import LOWEST, rewrite
from bstkit.export.targets.onnxruntime.building import DOMAIN
from bstkit.export.weights import unique_names
from bstkit.export.write import write_model
from bstkit.layers.self_attention import MaskedSelfAttention
from tests.export.conftest import randomise
from tests.export.graphs import convert, functional, keras_scores, operations, run
from tests.export.recipes import bst, features
from tests.models import features as model_features

RNG = np.random.default_rng(11)
DIM, STEPS = 16, 7
MASKS = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1],
        [1, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 1, 0, 1],  # holes, also at the front
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],  # an empty history
    ],
    bool,
)


def rewritten(source, **options):
    """The graph of a Keras model before and after the target's rewrite."""
    before, after = convert(source, **options), convert(source, **options)
    rewrite(after, None)
    return before, after


def with_random_weights(source, scale=0.5):
    """Biases that count; scores that reach far apart for a large scale."""
    for variable in source.trainable_variables:
        variable.assign(RNG.normal(0.0, scale, variable.shape))
    return source


def attention(num_heads, dim=DIM, steps=None):
    layer = MaskedSelfAttention(num_heads, name="attention")
    return functional(lambda x, mask: layer(x, mask), x=("float32", (steps, dim)), mask=("bool", (steps,)))


def feed_forward(units, dim=DIM, activation="relu", rank=3):
    hidden, output = keras.layers.Dense(units, activation=activation, name="hidden"), keras.layers.Dense(dim)
    return functional(lambda x: output(hidden(x)), x=("float32", (None,) * (rank - 2) + (dim,)))


@pytest.mark.parametrize("opset", [17, 18])
@pytest.mark.parametrize("steps", [None, STEPS], ids=["free", "fixed"])
@pytest.mark.parametrize("num_heads", [1, 2, 8])
def test_masked_attention_is_fused_and_exact(num_heads, steps, opset):
    source = with_random_weights(attention(num_heads, steps=steps))
    before, after = rewritten(source, opset=opset)
    assert operations(after)["MultiHeadAttention"] == 1
    assert not {"Softmax", "Reshape"} & set(operations(after))
    assert sum(operations(after).values()) < sum(operations(before).values())
    x = RNG.normal(size=(len(MASKS), STEPS, DIM)).astype(np.float32)
    expected = keras_scores(source, x=x, mask=MASKS)
    np.testing.assert_allclose(run(after, x=x, mask=MASKS), expected, atol=5e-6)
    np.testing.assert_allclose(run(after, x=x, mask=MASKS), run(before, x=x, mask=MASKS), atol=5e-6)


def test_masked_steps_count_exactly_nothing_however_large():
    source = with_random_weights(attention(2), scale=1.0)
    _, after = rewritten(source)
    x = RNG.normal(size=(len(MASKS), STEPS, DIM)).astype(np.float32)
    loud = np.where(MASKS[..., None], x, 30 * x)  # masked scores far above every real one
    read = MASKS[..., None]  # what stands at masked queries means nothing
    one, other = run(after, x=x, mask=MASKS), run(after, x=loud, mask=MASKS)
    np.testing.assert_array_equal(one * read, other * read)
    np.testing.assert_allclose(other * read, keras_scores(source, x=x, mask=MASKS) * read, rtol=1e-4, atol=1e-4)


def test_scores_far_apart_are_still_exact():
    source = with_random_weights(attention(1), scale=3.0)
    x = RNG.normal(0.0, 3.0, (len(MASKS), STEPS, DIM)).astype(np.float32)
    before, after = rewritten(source)
    np.testing.assert_allclose(run(after, x=x, mask=MASKS), run(before, x=x, mask=MASKS), rtol=1e-3, atol=1e-3)


def edited(name, change):
    """The converted attention with one node changed before the rewrite."""
    model = convert(attention(2))
    change(next(node for node in model.graph if node.name.endswith(name)), model.graph)
    rewrite(model, None)
    return model


def put(array):
    """A change that puts another constant in an input of a node."""

    def change(node, graph, index=1):
        tensor = ir.Tensor(np.asarray(array), name=f"put:{node.name}")
        value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
        graph.register_initializer(value)
        node.replace_input_with(index, value)

    return change


NEAR_MISSES = {
    "another axis": ("/Softmax", lambda node, graph: node.attributes.add(ir.AttrInt64("axis", 1))),
    "a small fill": ("/Where", lambda node, graph: put(np.float32(-5.0))(node, graph, 2)),
    "a negative scale": ("/Mul", put(np.float32(-0.5))),
    "other heads": ("/Reshape", put(np.array([0, 0, 4, 4], np.int64))),
    "another order": (
        "/Transpose",
        lambda node, graph: node.attributes.add(ir.AttrInt64s("perm", [0, 1, 2, 3])),
    ),
}


@pytest.mark.parametrize(("name", "change"), NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_is_not_masked_attention_is_left_alone(name, change):
    assert not operations(edited(name, change))["MultiHeadAttention"]


def test_attention_without_a_change_is_fused():
    assert operations(edited("/Softmax", lambda node, graph: None))["MultiHeadAttention"] == 1


@pytest.mark.parametrize("opset", [17, 18])
def test_feed_forward_network_is_two_convolutions(opset):
    source = with_random_weights(feed_forward(32))
    before, after = rewritten(source, opset=opset)
    assert operations(before) == {"MatMul": 2, "Add": 2, "Relu": 1}
    assert operations(after) == {"Conv": 2, "Relu": 1, "Transpose": 2, "Unsqueeze": 1, "Squeeze": 1}
    for shape in ((3, 5, DIM), (1, 1, DIM)):
        x = RNG.normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(run(after, x=x), keras_scores(source, x=x), atol=1e-5)


@pytest.mark.parametrize(
    "source",
    [
        lambda: feed_forward(24),
        lambda: feed_forward(32, dim=12),
        lambda: feed_forward(32, activation="sigmoid"),
        lambda: feed_forward(32, rank=2),
        lambda: feed_forward(32, rank=4),
    ],
    ids=["units", "width", "activation", "a matrix", "four dimensions"],
)
def test_what_convolutions_do_not_help_is_left_alone(source):
    before, after = rewritten(source())
    assert operations(after) == operations(before)


def test_residual_before_a_norm_is_a_sum_that_nothing_merges():
    norm, dense = keras.layers.LayerNormalization(), keras.layers.Dense(DIM)
    source = with_random_weights(functional(lambda x: norm(x + dense(x)), x=("float32", (None, DIM))))
    _, after = rewritten(source)
    assert operations(after) == {"MatMul": 1, "Add": 1, "Sum": 1, "LayerNormalization": 1}
    x = RNG.normal(size=(3, 5, DIM)).astype(np.float32)
    np.testing.assert_allclose(run(after, x=x), keras_scores(source, x=x), atol=1e-5)


def test_bias_before_a_norm_stays_an_add():
    norm, dense = keras.layers.LayerNormalization(), keras.layers.Dense(DIM)
    before, after = rewritten(functional(lambda x: norm(dense(x)), x=("float32", (None, DIM))))
    assert operations(after) == operations(before)


@pytest.fixture(scope="module")
def small():
    """Recipe `bst` in miniature, wide enough for every rewrite, for the target."""
    model = randomise(compose(bst(units=[12, 8], ffn_dim=32), features(dim=8, max_length=6)))
    return model.with_export("test", target="onnxruntime")


@pytest.fixture(scope="module")
def bundle(small, tmp_path_factory):
    """`small` exported: (folder, report)."""
    folder = tmp_path_factory.mktemp("target") / "bundle"
    return folder, export(small, folder)


def test_report_and_file_say_what_the_file_is_for(bundle):
    folder, report = bundle
    assert (report.target, report.lowest_onnxruntime) == ("onnxruntime", LOWEST)
    assert report.operations["MultiHeadAttention"] == 2
    assert report.operations["Conv"] == 4
    model = read_model(folder / "model.onnx")
    assert model.metadata_props["bstkit.target"] == "onnxruntime"
    assert model.metadata_props["bstkit.lowest_onnxruntime"] == LOWEST
    assert model.opset_imports[DOMAIN] == 1


def test_exported_file_verifies_again_and_damage_is_found(small, bundle, tmp_path):
    folder, _ = bundle
    assert verify(small.with_export("test", target="portable"), folder / "model.onnx").target == "onnxruntime"
    model = read_model(folder / "model.onnx")
    name = "encoder_transformer/block_2/attention/key/bias/mask_channel"
    value = model.graph.initializers[name]
    value.const_value = ir.Tensor(value.const_value.numpy() + 1.0, name=name)
    for node in model.graph:
        if node.op_type == "MultiHeadAttention":
            node.attributes.add(ir.AttrFloat32("scale", 0.9))
    write_model(model, tmp_path / "model.onnx")
    with pytest.raises(VerificationError, match=name):
        verify(small, tmp_path / "model.onnx", by_layer=True)


def test_weights_stay_unread_and_keep_their_names(small):
    model, _ = assemble(small)
    weights = unique_names(small.serving.variables)
    for name, value in model.graph.initializers.items():
        if isinstance(value.const_value, ir.LazyTensor):
            assert value.const_value._tensor is None, name
            if name in weights:
                np.testing.assert_array_equal(value.const_value.numpy(), weights[name].numpy())
            else:
                assert name.rpartition("/")[2] in ("mask_channel", "pointwise"), name
                assert name.rpartition("/")[0] in weights
        else:
            assert value.const_value.size <= 4096
            assert name.startswith("constant")


def test_nodes_bear_the_path_of_their_layer(small):
    model, _ = assemble(small)
    names = [node.name for node in model.graph]
    assert "encoder_transformer/block_1/attention/MultiHeadAttention" in names
    assert "encoder_transformer/block_2/ffn_hidden/Conv" in names
    assert len(set(names)) == len(names)


def test_layers_of_the_file_are_equal(small, bundle):
    lines = compare_file_layers(small, bundle[0] / "model.onnx", make_cases(small)[0].feeds)
    assert not any(line.differs for line in lines)
    assert {"encoder_transformer/block_1/attention/output", "encoder_transformer/block_2/ffn_output"} <= {
        line.layer for line in lines
    }


@pytest.mark.parametrize("opset", [17, 18])
def test_every_recipe_verifies_for_the_target(opset, tmp_path):
    for recipe in ("bst", "bst_small", "bst_deepctr", "din", "dien"):
        history = {"negatives": "uniform"} if recipe == "dien" else {}
        selection = load_selection(recipe, settings=[f"export.opset={opset}"], environ={}, working_folder=tmp_path)
        composed = compose(selection, model_features(dim=8, max_length=6, **history))
        for variable in composed.serving.trainable_variables:  # so that biases and norms count
            variable.assign_add(RNG.normal(0.0, 0.02, variable.shape))
        report = export(composed, tmp_path / recipe, target="onnxruntime")
        assert report.target == "onnxruntime"
        fused = recipe in ("bst", "bst_small")
        assert bool(report.operations.get("MultiHeadAttention")) is fused
        portable = {17: "1.12", 18: "1.14"}[opset]
        assert report.lowest_onnxruntime == (LOWEST if fused else portable)
        assert verify(composed, tmp_path / recipe / "model.onnx").target == "onnxruntime"


def test_portable_target_has_no_contrib_operation(small):
    model, _ = assemble(small.with_export("test", target="portable"))
    assert {node.domain for node in model.graph.all_nodes()} == {""}
    assert DOMAIN not in model.opset_imports


def test_raw_ids_and_the_target_compose(small, tmp_path):
    rows = {name: space.rows for name, space in small.features.spaces.items()}
    keys = {name: [f"{name}{number}" for number in range(count - 2)] for name, count in rows.items()}
    report = export(small, tmp_path / "raw", ids="raw", vocabularies=keys)
    assert (report.ids, report.target) == ("raw", "onnxruntime")
    assert {"LabelEncoder", "MultiHeadAttention"} <= set(report.operations)
