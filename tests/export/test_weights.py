"""Weights stay out of the conversion: it never reads one, and does not grow with the tables."""

from types import SimpleNamespace

import keras
import numpy as np
import onnx
import pytest

from bstkit.compose import compose
from bstkit.config.features import History
from bstkit.config.resolve import load_selection
from bstkit.export import weights as weights_module
from bstkit.export.assemble import assemble
from bstkit.export.convert import convert
from bstkit.export.trace import trace
from bstkit.export.weights import Weights, read_variable, unique_names
from bstkit.export.write import write_model
from tests.export.conftest import randomise
from tests.export.graphs import as_composed, functional
from tests.models import features, selection


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


def test_what_is_computed_never_bears_the_path_of_a_weight():
    kernel = SimpleNamespace(path="q/kernel", shape=(2, 3), dtype="float32")
    namesake = SimpleNamespace(path="q/kernel/transpose", shape=(2, 3), dtype="float32")
    weights = Weights([kernel, namesake])
    assert weights.initializer([kernel], np.transpose).name == "q/kernel/transpose_1"
    assert weights.initializer([namesake]).name == "q/kernel/transpose"


RECIPES = {
    "bst_small": {},
    "bst": {},
    "bst_deepctr": {},
    "din": {},
    "dien": {"negatives": "uniform"},
    "dsin": {"mask": "all", "session_gap_s": 1800.0, "max_sessions": 3, "session_length": 4},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_initializer_is_the_weight_whose_path_it_bears(recipe, tmp_path):
    selected = load_selection(recipe, settings=["head.units=[8]"], environ={}, working_folder=tmp_path)
    composed = randomise(compose(selected, features(dim=8, **RECIPES[recipe])))
    model, _ = assemble(composed)
    variables = unique_names(composed.serving.variables)
    borne = set(model.graph.initializers) & set(variables)
    for name in borne:
        np.testing.assert_array_equal(
            model.graph.initializers[name].const_value.numpy(), read_variable(variables[name]), err_msg=name
        )
    # Every weight that is learned is in the graph, as it is or in what is computed from it, which is called after it.
    derived = [name for name in model.graph.initializers if name.rpartition("/")[0] in variables]
    assert not borne & set(derived)
    named = borne | {name.rpartition("/")[0] for name in derived}
    if recipe in ("dien", "dsin"):  # ONNX's GRU and LSTM take one tensor for several of ours, called after the first
        assert derived
    else:
        assert {variable.path for variable in composed.serving.trainable_variables} <= named


def test_histories_over_one_id_space_share_its_table():
    table = features(dim=8)
    histories = {"hist": table.history["hist"], "cart": History(fields={"item_id": "item"}, max_length=3)}
    composed = randomise(compose(selection(candidate="apart"), table.model_copy(update={"history": histories})))
    model, _ = assemble(composed)
    tables = [value for value in model.graph.initializers.values() if list(value.shape or ()) == [51, 8]]
    assert [value.name for value in tables] == ["item_embedding/embeddings"]
    assert len(tables[0].uses()) == 3  # both histories and the candidate
