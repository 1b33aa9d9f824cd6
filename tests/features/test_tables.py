"""How embedding tables begin."""

import keras
import numpy as np
import pytest

from bstkit.features.tables import TableUniform, tables_of_zeros


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
