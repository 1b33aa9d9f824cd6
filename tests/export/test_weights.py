"""Weights stay out of the conversion: it never reads one, and does not grow with the tables."""

from types import SimpleNamespace

import keras
import numpy as np
import onnx
import pytest

from bstkit.export import weights as weights_module
from bstkit.export.assemble import assemble
from bstkit.export.convert import convert
from bstkit.export.trace import trace
from bstkit.export.weights import Weights, read_variable, unique_names
from bstkit.export.write import write_model
from tests.export.graphs import as_composed, functional


@pytest.fixture
def reads(monkeypatch):
    """Paths of the variables that are read, in order."""
    seen = []

    def note(variable):
        seen.append(variable.path)
        return read_variable(variable)

    monkeypatch.setattr(weights_module, "read_variable", note)
    return seen


def test_no_weight_is_read_before_the_file_is_written(tiny_bst, reads, tmp_path):
    model, _ = assemble(tiny_bst)
    assert reads == []
    write_model(model, tmp_path / "model.onnx")
    used = {t.name for t in onnx.load(tmp_path / "model.onnx").graph.initializer}
    assert {v.path for v in tiny_bst.serving.trainable_variables} <= used
    assert set(reads) <= used


def table_model(rows):
    table = keras.layers.Embedding(rows, 8, name="table")
    return functional(lambda ids: keras.layers.Dense(1)(table(ids)), ids=("int32", ()))


def test_conversion_does_not_grow_with_the_tables():
    sizes = []
    for rows in (10, 1_000_000):
        source = table_model(rows)
        traced = trace(source, as_composed(source).inputs)
        graph = traced.function.graph.as_graph_def().ByteSize()
        converted = convert(traced)
        sizes.append(
            (graph, len(converted.graph), sum(v.const_value.nbytes for v in converted.graph.initializers.values()))
        )
    small, large = sizes
    assert large[1:] == small[1:]
    assert abs(large[0] - small[0]) < 100  # the number of rows itself, in a few attributes


def test_read_is_no_copy():
    variable = keras.Variable(np.zeros((1000, 8), np.float32), name="table")
    assert np.shares_memory(read_variable(variable), read_variable(variable))


def test_repeated_paths_get_numbers():
    variables = [SimpleNamespace(path="q/kernel"), SimpleNamespace(path="q/kernel"), SimpleNamespace(path="k/kernel")]
    names = unique_names(variables)
    assert list(names) == ["q/kernel", "q/kernel_1", "k/kernel"]
    assert names["q/kernel_1"] is variables[1]


def test_derived_weight_has_shape_and_name_before_it_is_read(reads):
    kernel = keras.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="kernel")
    weights = Weights([kernel])
    value = weights.initializer([kernel], np.transpose)
    assert (value.name, list(value.shape)) == (f"{kernel.path}/transpose", [3, 2])
    assert reads == []
    np.testing.assert_array_equal(value.const_value.numpy(), kernel.numpy().T)
    assert weights.initializer([kernel], np.transpose) is value
    assert weights.initializer([kernel]) is not value


def test_weight_of_several_variables():
    a, b = keras.Variable(np.ones(2, np.float32)), keras.Variable(np.zeros(3, np.float32))
    value = Weights([a, b]).initializer([a, b], lambda x, y: np.concatenate([x, y]))
    assert list(value.shape) == [5]
    np.testing.assert_array_equal(value.const_value.numpy(), [1, 1, 0, 0, 0])
