"""Each pass on a graph made for it: fewer nodes, the same numbers."""

import numpy as np
import onnx_ir as ir
import pytest

from bstkit.component import GraphPass
from bstkit.errors import ExportError, PluginError
from bstkit.export import passes as passes_module
from bstkit.export.assemble import assemble
from bstkit.export.contract import check_rules
from bstkit.export.passes import run_passes
from bstkit.export.passes.names import layer_of
from bstkit.export.passes.opset_17 import downgrade
from bstkit.export.verification import Verifier
from tests.export.graphs import operations, run

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def graph(build, dtype=ir.DataType.FLOAT, dims=("batch", "time", 4), out=ir.DataType.FLOAT):
    """A model of `build(op, x)`; constants are arrays."""
    x = ir.val("x", dtype, list(dims))
    constants, nodes = {}, []

    class Op:
        def __getattr__(self, op_type):
            def add(*inputs, **attributes):
                values = []
                for value in inputs:
                    if isinstance(value, np.ndarray):
                        name = f"c{len(constants)}"
                        tensor = ir.Tensor(value, name=name)
                        value = constants[name] = ir.Value(
                            name=name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor
                        )
                    values.append(value)
                nodes.append(ir.node(op_type, values, attributes, name=f"scope/{op_type}_{len(nodes)}"))
                return nodes[-1].outputs[0]

            return add

    y = build(Op(), x)
    y.name, y.type = "score", ir.TensorType(out)
    made = ir.Graph([x], [y], nodes=nodes, initializers=list(constants.values()), opset_imports={"": 18}, name="test")
    return ir.Model(made, ir_version=8)


def passed(model, opset=18):
    run_passes(model, {"scope": "layer"}, opset)
    return model


def i64(*numbers):
    return np.array(numbers, np.int64)


def flattened(op, x):
    """`reshape(x, (shape(x)[0], shape(x)[1], 2, 2))` as tf2onnx writes it."""
    shape = op.Cast(op.Shape(x), to=6)
    parts = [op.Squeeze(op.Slice(shape, i64(k), i64(k + 1), i64(0)), i64(0)) for k in (0, 1)]
    parts = [op.Unsqueeze(part, i64(0)) for part in parts]
    parts += [np.array([2], np.int32), np.array([2], np.int32)]
    return op.Reshape(x, op.Cast(op.Concat(*parts, axis=0), to=7))


ZERO = np.array(0, np.int32)


def positive(op, x):
    """Integers below, at and above 0."""
    return op.Cast(op.Add(x, np.array(-7, np.float32)), to=6)


MASK = {"ReduceMax": 1, "Greater": 1}


def masked(op, x, value, axis=-1):
    """`value` where a step of `x` has something above 6; the axis is counted from the end, and from the front."""
    mask = op.Greater(op.ReduceMax(x, i64(2), keepdims=0), np.array(6, np.float32))
    return op.Where(op.Unsqueeze(mask, i64(2 if value is x else axis)), value, np.array(0, np.float32))


GRAPHS = {
    "a computed shape is a constant": (flattened, {"Reshape": 1}),
    "a slice that keeps everything goes": (
        lambda op, x: op.Relu(op.Slice(x, i64(0, 0), i64(10**9, 10**9), i64(0, 2), i64(1, 1))),
        {"Relu": 1},
    ),
    "a slice that cuts stays": (lambda op, x: op.Slice(x, i64(1), i64(10**9), i64(1), i64(1)), {"Slice": 1}),
    "a slice that reverses stays": (
        lambda op, x: op.Slice(x, i64(10**9), i64(-(10**9)), i64(1), i64(-1)),
        {"Slice": 1},
    ),
    "transposes merge": (
        lambda op, x: op.Transpose(op.Transpose(x, perm=[1, 2, 0]), perm=[1, 2, 0]),
        {"Transpose": 1},
    ),
    "unsqueezes merge": (lambda op, x: op.Unsqueeze(op.Unsqueeze(x, i64(1)), i64(0, 3)), {"Unsqueeze": 1}),
    "constants are computed": (
        lambda op, x: op.Add(x, op.Gather(X[0], op.Where(np.array([True]), i64(0), i64(1)))),
        {"Add": 1},
    ),
    "equal nodes merge": (lambda op, x: op.Add(op.Exp(x), op.Exp(x)), {"Exp": 1, "Add": 1}),
    "identities go": (lambda op, x: op.Relu(op.Identity(op.Identity(x))), {"Relu": 1}),
    "an index keeps its width": (
        lambda op, x: op.Gather(x, op.Cast(op.ArgMax(op.ReduceMax(x, i64(0, 2), keepdims=0), axis=0), to=6), axis=1),
        {"ReduceMax": 1, "ArgMax": 1, "Gather": 1},
    ),
    "softmax along an axis is one node": (
        lambda op, x: op.Relu(op.Transpose(op.Softmax(op.Transpose(x, perm=[0, 2, 1]), axis=-1), perm=[0, 2, 1])),
        {"Softmax": 1, "Relu": 1},
    ),
    "softmax that comes back turned stays": (
        lambda op, x: op.Transpose(op.Softmax(op.Transpose(x, perm=[1, 2, 0]), axis=-1), perm=[1, 2, 0]),
        {"Transpose": 2, "Softmax": 1},
    ),
    "what is positive is counted": (
        lambda op, x: op.Cast(op.ReduceSum(op.Cast(op.Greater(positive(op, x), ZERO), to=6), i64(1)), to=1),
        {"Add": 1, "Cast": 2, "Clip": 1, "ReduceSum": 1},
    ),
    "what is positive is compared once": (
        lambda op, x: op.Where(
            op.Greater(positive(op, x), ZERO),
            op.Cast(op.Cast(op.Greater(positive(op, x), ZERO), to=6), to=1),
            np.array(-1, np.float32),
        ),
        {"Add": 1, "Cast": 3, "Greater": 1, "Where": 1},
    ),
    "a mask applies once": (lambda op, x: masked(op, x, masked(op, x, x)), {**MASK, "Unsqueeze": 1, "Where": 1}),
    "another mask applies too": (
        lambda op, x: op.Where(op.Less(x, np.array(9, np.float32)), masked(op, x, x), np.array(0, np.float32)),
        {**MASK, "Less": 1, "Unsqueeze": 1, "Where": 2},
    ),
}


@pytest.mark.parametrize(("build", "expected"), GRAPHS.values(), ids=GRAPHS)
def test_passes_shorten_the_graph_and_keep_its_numbers(build, expected):
    before, after = graph(build), passed(graph(build))
    assert operations(after) == expected
    for x in (X, X[:1], X[:, :1]):
        np.testing.assert_array_equal(run(after, x=x), run(before, x=x))


def test_dimension_of_another_tensor_is_not_copied():
    def build(op, x):
        turned = op.Transpose(x, perm=[1, 0, 2])
        shape = op.Cast(op.Shape(x), to=6)
        parts = [op.Slice(shape, i64(k), i64(k + 1), i64(0)) for k in (0, 1)]
        return op.Reshape(turned, op.Cast(op.Concat(*parts, np.array([4], np.int32), axis=0), to=7))

    after = passed(graph(build))
    assert operations(after)["Shape"] == 2
    np.testing.assert_array_equal(run(after, x=X), run(graph(build), x=X))


def test_expand_takes_the_whole_shape():
    def build(op, x):
        shape = op.Cast(op.Shape(x), to=6)
        parts = [op.Slice(shape, i64(k), i64(k + 1), i64(0)) for k in (0, 1)]
        wide = op.Cast(op.Concat(*parts, np.array([4], np.int32), axis=0), to=7)
        return op.Mul(x, op.Expand(op.ReduceSum(x, i64(1)), wide))

    after = passed(graph(build))
    assert operations(after) == {"ReduceSum": 1, "Shape": 1, "Expand": 1, "Mul": 1}
    np.testing.assert_array_equal(run(after, x=X), run(graph(build), x=X))


@pytest.mark.parametrize("kind", ["Max", "Min", "Mean", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare", "Sum"])
def test_reductions_have_their_form_of_opset_17(kind):
    def build(op, x):
        return getattr(op, f"Reduce{kind}")(op.Add(x, np.float32(1)[None]), i64(1, 2), keepdims=0)

    older = passed(graph(build), opset=17)
    assert older.opset_imports[""] == 17
    np.testing.assert_allclose(run(older, x=X), run(graph(build), x=X), rtol=1e-6)


def test_split_has_its_form_of_opset_17():
    def build(op, x):
        node = op.Split(x, axis=2, num_outputs=1)
        return op.Relu(node)

    older = passed(graph(build), opset=17)
    np.testing.assert_array_equal(run(older, x=X), X)


def test_operation_without_a_form_at_opset_17_is_an_error():
    model = graph(lambda op, x: op.Mish(x))
    with pytest.raises(ExportError, match=r"scope/Mish_0: Mish") as caught:
        downgrade(model)
    assert "opset = 18" in caught.value.hint


def test_float64_and_loop_break_the_rules():
    model = passed(graph(lambda op, x: op.Cast(op.Cast(x, to=11), to=1)))
    with pytest.raises(ExportError, match="layer/Cast: Cast gives float64"):
        check_rules(model)


def test_foreign_operation_breaks_the_rules():
    model = graph(lambda op, x: op.Relu(x))
    next(iter(model.graph)).domain = "com.microsoft"
    with pytest.raises(ExportError, match=r"com\.microsoft\.Relu is not an ai\.onnx operation"):
        check_rules(model)


def test_layer_of_a_node_is_the_innermost_known_scope():
    scopes = {"m_1/a_1": "a", "m_1/a_1/b_1": "a/b"}
    assert layer_of("m_1/a_1/b_1/MatMul", scopes) == "a/b"
    assert layer_of("m_1/a_1/other/MatMul", scopes) == "a"
    assert layer_of("Unsqueeze__12", scopes) == ""


def fails(model):
    raise KeyError("nothing here")


def test_pass_that_raises_is_named():
    with pytest.raises(ExportError, match="export pass 'mine' failed: KeyError"):
        run_passes(graph(lambda op, x: op.Relu(x)), {}, 18, [GraphPass("mine", f"{__name__}:fails", "")])


@pytest.mark.parametrize("target", ["no_such_module:f", f"{__name__}:no_such_function"])
def test_pass_that_cannot_be_imported_is_named(target):
    with pytest.raises(PluginError, match="export pass 'mine' cannot be imported"):
        run_passes(graph(lambda op, x: op.Relu(x)), {}, 18, [GraphPass("mine", target, "")])


def read_x_in_place_of_the_sum(model):
    """A pass that leaves a node and its weight behind, and adds a node whose shape it does not know."""
    [add, relu] = model.graph
    made = ir.node("Neg", [add.inputs[0]], name="mine/Neg")
    model.graph.append(made)
    relu.replace_input_with(0, made.outputs[0])


def test_nothing_unread_stays_behind_a_pass_and_shapes_are_known():
    model = graph(lambda op, x: op.Relu(op.Add(x, np.ones(4, np.float32))))
    run_passes(model, {}, 18, [GraphPass("mine", f"{__name__}:read_x_in_place_of_the_sum", "")])
    assert [node.op_type for node in model.graph] == ["Neg", "Relu"]
    assert list(model.graph.initializers) == []
    [negated] = model.graph.node(0).outputs
    assert (negated.dtype, list(negated.shape)) == (ir.DataType.FLOAT, ["batch", "time", 4])
    np.testing.assert_array_equal(run(model, x=X), np.maximum(-X, 0))


def negate_last_sigmoid(model):
    """A pass that turns the probability round."""
    for node in list(model.graph):
        if node.op_type == "Sigmoid" and node.outputs[0].name == "ctr":
            turned = ir.node("Neg", [node.inputs[0]], name="wrong/Neg")
            model.graph.insert_before(node, turned)
            node.replace_input_with(0, turned.outputs[0])


@pytest.mark.parametrize("name", ["merge_chains", "unwrap_softmax", "infer_shapes"])
def test_built_in_pass_that_breaks_the_numbers_is_named_on_request(name, tiny_small, monkeypatch):
    original = getattr(passes_module, name)

    def wrong(model):
        original(model)
        negate_last_sigmoid(model)

    monkeypatch.setattr(passes_module, name, wrong)
    with pytest.raises(ExportError, match=rf"after built-in pass '{name}'.*\n.*output 'ctr'"):
        assemble(tiny_small, check=checked(tiny_small), check_each=True)


@pytest.mark.parametrize("opset", [17, 18])
def test_every_built_in_pass_leaves_a_model_that_is_right(opset, tiny_small):
    settings = tiny_small.selection.export.model_copy(update={"opset": opset})
    selection = tiny_small.selection.model_copy(update={"export": settings})
    composed, checks = type(tiny_small)(**{**vars(tiny_small), "selection": selection}), []
    check = checked(composed)

    def count(model):
        check(model)
        checks.append(len(model.graph))

    model, _ = assemble(composed, check=count, check_each=True)
    assert len(checks) >= 13
    assert checks[0] > checks[-1] == len(model.graph)


def checked(composed):
    """The exporter's own check, on three cases."""
    verifier = Verifier(composed)
    verifier.cases = verifier.cases[:3]
    return verifier.check
