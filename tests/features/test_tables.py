"""How embedding tables begin, and how their rows are read."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.features.tables import Embedding, TableUniform, tables_of_zeros


def draw(initializer, rows=10):
    return np.asarray(initializer((rows, 3), "float32"))


def test_a_table_of_one_block_is_keras_own():
    np.testing.assert_array_equal(draw(TableUniform(seed=4)), draw(keras.initializers.RandomUniform(seed=4)))


@pytest.mark.parametrize("rows", [9, 10, 12])
def test_a_large_table_is_drawn_in_blocks(rows):
    table = draw(TableUniform(-1.0, 2.0, seed=4, block_rows=4), rows)
    assert table.shape == (rows, 3)
    assert table.min() >= -1.0
    assert table.max() < 2.0
    assert len(np.unique(table)) == table.size
    np.testing.assert_array_equal(table, draw(TableUniform(-1.0, 2.0, seed=4, block_rows=4), rows))
    assert not np.array_equal(table, draw(TableUniform(-1.0, 2.0, seed=5, block_rows=4), rows))


def test_seed_of_the_process_decides_where_none_is_given():
    tables = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        tables.append(draw(TableUniform(block_rows=4)))
    np.testing.assert_array_equal(*tables)


def test_config_round_trips():
    again = keras.initializers.deserialize(keras.initializers.serialize(TableUniform(seed=3, block_rows=4)))
    np.testing.assert_array_equal(draw(again), draw(TableUniform(seed=3, block_rows=4)))


def test_no_rows_a_block_are_refused():
    with pytest.raises(ValueError, match="`block_rows` must be at least 1"):
        TableUniform(block_rows=0)


def test_tables_begin_as_zeros_where_weights_are_read_afterwards():
    with tables_of_zeros():
        assert not draw(TableUniform(seed=4)).any()
    assert draw(TableUniform(seed=4)).all()


def test_rows_and_their_gradient_are_those_of_kerass_embedding():
    ids = np.array([[1, 4, 1], [0, 2, 4]], np.int32)
    found = []
    for made in (Embedding, keras.layers.Embedding):
        layer = made(5, 3, embeddings_initializer=TableUniform(seed=4))
        with tf.GradientTape() as tape:
            rows = layer(ids)
            loss = tf.reduce_sum(rows * np.arange(18, dtype=np.float32).reshape(2, 3, 3))
        slices = tape.gradient(loss, layer.trainable_variables)[0]
        assert isinstance(slices, tf.IndexedSlices)
        found.append((rows.numpy(), slices.values.numpy(), slices.indices.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_are_read_from_the_variable_itself():
    layer = Embedding(5, 3)
    layer.build()
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec([None], "int32")).graph
    operations = {operation.type for operation in graph.get_operations()}
    assert "ResourceGather" in operations
    assert "ReadVariableOp" not in operations


def test_another_tensor_may_stand_for_the_table():
    layer = Embedding(5, 3)
    layer.build()
    other = np.arange(15, dtype=np.float32).reshape(5, 3)
    with keras.StatelessScope(state_mapping=[(layer.embeddings, tf.constant(other))]):
        np.testing.assert_array_equal(layer(np.array([3, 1])), other[[3, 1]])
