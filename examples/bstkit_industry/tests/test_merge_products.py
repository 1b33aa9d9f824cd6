"""The pass on graphs written as text: what it merges, what it leaves alone, and the numbers of both."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx.reference import ReferenceEvaluator

from bstkit_industry.merge_products import merge_products

WEIGHTS = {"w1": (4, 3), "w2": (4, 2), "w3": (4, 5), "b1": (3,), "b2": (2,), "b3": (5,), "v": (3, 2)}


def graph(body, outputs, x="batch, 4"):
    """A model of these nodes; the weights are read lazily, as bstkit's are."""
    text = f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[{x}] x, {", ".join(f"float[{','.join(map(str, shape))}] {name}" for name, shape in WEIGHTS.items())})
    => ({", ".join(f"float[batch, n{i}] {name}" for i, name in enumerate(outputs))}) {{ {body} }}"""
    proto = onnx.shape_inference.infer_shapes(onnx.parser.parse_model(text))
    for number, node in enumerate(proto.graph.node):
        node.name = f"head/layer_{number}/{node.op_type}"
    model = ir.from_proto(proto)
    rng = np.random.default_rng(0)
    for value in list(model.graph.inputs)[1:]:
        model.graph.inputs.remove(value)
        array = rng.normal(size=WEIGHTS[value.name]).astype(np.float32)
        value.const_value = ir.LazyTensor(
            lambda array=array, name=value.name: ir.Tensor(array, name=name),
            dtype=ir.DataType.FLOAT,
            shape=ir.Shape(array.shape),
            name=value.name,
        )
        model.graph.register_initializer(value)
    return model


def numbers(model, x):
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    return ReferenceEvaluator(proto).run(None, {"x": x})


def operations(model):
    return [node.op_type for node in model.graph]


MERGED = {
    "experts": (
        """a = Gemm(x, w1, b1) ra = Relu(a) p = MatMul(ra, v)
           b = Gemm(x, w2, b2) rb = Relu(b) y = Add(p, rb)""",
        ["Gemm", "Relu", "Split", "MatMul", "Add"],
    ),
    "gates": (
        "a = MatMul(x, w1) b = MatMul(x, w2) c = MatMul(x, w3) y = Concat<axis=1>(a, b, c)",
        ["MatMul", "Split", "Concat"],
    ),
    "activations with attributes": (
        """a = Gemm(x, w1, b1) ra = LeakyRelu<alpha=0.3>(a) b = Gemm(x, w2, b2) rb = LeakyRelu<alpha=0.3>(b)
           y = Concat<axis=1>(ra, rb)""",
        ["Gemm", "LeakyRelu", "Split", "Concat"],
    ),
    "two groups": (
        """a = MatMul(x, w1) sa = Sigmoid(a) b = MatMul(x, w2) sb = Sigmoid(b)
           c = Gemm(x, w1, b1) rc = Relu(c) d = Gemm(x, w2, b2) rd = Relu(d) y = Concat<axis=1>(sa, sb, rc, rd)""",
        ["MatMul", "Sigmoid", "Split", "Gemm", "Relu", "Split", "Concat"],
    ),
}

UNTOUCHED = {
    "other inputs": """a = Gemm(x, w1, b1) ra = Relu(a) z = Neg(x) b = Gemm(z, w2, b2) rb = Relu(b)
        y = Concat<axis=1>(ra, rb)""",
    "nothing gained": "a = MatMul(x, w1) b = MatMul(x, w2) y = Concat<axis=1>(a, b)",
    "other activations": """a = Gemm(x, w1, b1) ra = Relu(a) b = Gemm(x, w2, b2) rb = Tanh(b)
        y = Concat<axis=1>(ra, rb)""",
    "other attributes": """a = Gemm(x, w1, b1) ra = LeakyRelu<alpha=0.3>(a) b = Gemm(x, w2, b2)
        rb = LeakyRelu<alpha=0.2>(b) y = Concat<axis=1>(ra, rb)""",
    "scaled": """a = Gemm<alpha=2.0>(x, w1, b1) ra = Relu(a) b = Gemm<beta=0.5>(x, w2, b2) rb = Relu(b)
        y = Concat<axis=1>(ra, rb)""",
    "read before the activation": """a = Gemm(x, w1, b1) ra = Relu(a) b = Gemm(x, w2, b2) rb = Relu(b)
        y = Concat<axis=1>(ra, rb, a, b)""",
    "a weight that is computed": """n = Neg(w1) m = Neg(w2) a = Gemm(x, n, b1) ra = Relu(a) b = Gemm(x, m, b2)
        rb = Relu(b) y = Concat<axis=1>(ra, rb)""",
}


@pytest.mark.parametrize(("body", "expected"), MERGED.values(), ids=MERGED)
def test_products_are_merged_and_the_numbers_stay(body, expected):
    model, x = graph(body, ["y"]), np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    [before] = numbers(model, x)
    count = len(operations(model))
    merge_products(model)
    assert sorted(operations(model)) == sorted(expected)
    assert len(expected) < count
    np.testing.assert_allclose(numbers(model, x)[0], before, rtol=1e-5, atol=1e-6)
    assert len({node.name for node in model.graph}) == len(expected)


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_other_graphs_stay_as_they_are(body):
    model = graph(body, ["y"])
    before = ir.to_proto(model).SerializeToString(deterministic=True)
    merge_products(model)
    assert ir.to_proto(model).SerializeToString(deterministic=True) == before


def test_outputs_of_the_graph_are_left_alone():
    model = graph("a = Gemm(x, w1, b1) y1 = Relu(a) b = Gemm(x, w2, b2) y2 = Relu(b)", ["y1", "y2"])
    merge_products(model)
    assert operations(model) == ["Gemm", "Relu"] * 2


def test_sequences_are_left_alone():
    body = "a = MatMul(x, w1) b = MatMul(x, w2) c = MatMul(x, w3) d = Concat<axis=2>(a, b, c) y = ReduceSum(d)"
    model = graph(body, ["y"], x="batch, time, 4")
    merge_products(model)
    assert operations(model).count("MatMul") == 3


def test_weights_bear_the_path_of_their_layers_and_the_old_ones_go():
    model = graph(MERGED["experts"][0], ["y"])
    before = set(model.graph.initializers)
    merge_products(model)
    made = {f"head/products_1/{name}" for name in ("kernel", "bias", "widths")}
    assert set(model.graph.initializers) == before - {"w1", "w2", "b1", "b2"} | made


def test_no_weight_is_read_by_the_pass():
    model = graph(MERGED["experts"][0], ["y"])

    def read():
        raise AssertionError("a weight was read")

    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        value.const_value = ir.LazyTensor(read, dtype=tensor.dtype, shape=tensor.shape, name=name)
    merge_products(model)
    assert len(operations(model)) == 5


def test_a_weight_that_something_else_reads_stays():
    model = graph(f"{MERGED['gates'][0].replace('y =', 'k =')} s = ReduceSum(w1) y = Add(k, s)", ["y"])
    x = np.ones((2, 4), np.float32)
    [before] = numbers(model, x)
    merge_products(model)
    assert "w1" in model.graph.initializers
    np.testing.assert_allclose(numbers(model, x)[0], before, rtol=1e-5)
