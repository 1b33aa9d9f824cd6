"""Variables in a file: by name, shape and type, whatever the process has numbered before."""

import keras
import ml_dtypes
import numpy as np
import pytest

from bstkit.training.endurance.array_file import open_arrays, write_arrays
from bstkit.training.endurance.variables import read_variables, write_variables


def model(units=3, name=None):
    """Two layers that Keras names, and so numbers on."""
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dense(1, name=name)])


def test_variables_come_back_under_the_numbers_of_another_process(tmp_path):
    first, second = model(), model()
    assert first.variables[0].path != second.variables[0].path
    write_variables(tmp_path / "file.npz", {"model": first.variables})
    read_variables(tmp_path / "file.npz", {"model": second.variables})
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("other", "reason"),
    [(lambda: model(units=4), r"has the shape \(2, 3\)"), (lambda: model(name="head"), "other variables: .*head")],
    ids=["shape", "name"],
)
def test_variables_of_another_model_are_refused(tmp_path, other, reason):
    write_variables(tmp_path / "file.npz", {"model": model().variables})
    with pytest.raises(ValueError, match=reason):
        read_variables(tmp_path / "file.npz", {"model": other().variables})


def test_another_type_is_refused(tmp_path):
    write_arrays(tmp_path / "file.npz", [("weight", np.zeros(3, np.float64))])
    with open_arrays(tmp_path / "file.npz") as arrays, pytest.raises(ValueError, match="float64, not float32"):
        arrays.read("weight", "float32")


def test_bfloat16_survives(tmp_path):
    values = np.array([0.5, -3.0], ml_dtypes.bfloat16)
    write_arrays(tmp_path / "file.npz", [("weight", values)])
    with open_arrays(tmp_path / "file.npz") as arrays:
        np.testing.assert_array_equal(arrays.read("weight", "bfloat16"), values)


def test_numpy_reads_the_file(tmp_path):
    write_arrays(tmp_path / "file.npz", [("a/b", np.arange(3)), ("c", np.float32(2))])
    with np.load(tmp_path / "file.npz") as arrays:
        assert sorted(arrays.files) == ["a/b", "c"]
        np.testing.assert_array_equal(arrays["a/b"], [0, 1, 2])
