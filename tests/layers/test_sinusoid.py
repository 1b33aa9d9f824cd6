"""The position table, by hand."""

import numpy as np

from bstkit.layers.sinusoid import sinusoid_table


def test_table_by_hand():
    table = sinusoid_table(3, 4)
    expected = [[np.sin(p), np.cos(p), np.sin(p / 100), np.cos(p / 100)] for p in range(3)]
    np.testing.assert_allclose(table, expected, atol=1e-7)
    assert table.dtype == np.float32


def test_odd_width_ends_in_a_sine():
    np.testing.assert_allclose(sinusoid_table(2, 3)[1], [np.sin(1), np.cos(1), np.sin(10000 ** (-2 / 3))], atol=1e-7)
