"""Golden vectors: the same arrays as protobufs and by name, made by TensorFlow."""

import numpy as np
import onnx
import pytest

from bstkit.bundle.manifest import read_manifest
from bstkit.bundle.vectors import read_vectors
from bstkit.errors import VerificationError

CASES = {
    "typical",
    "empty_history",
    "length_1",
    "full_length",
    "over_length",
    "all_oov",
    "id_out_of_range",
    "max_id",
    "batch_1",
    "batch_7",
    "batch_1024",
    "padding_invariance",
    "permuted_batch",
}
"""As the contract with serving teams names them."""


@pytest.fixture(params=["encoded_bundle", "raw_bundle"])
def folder(request):
    return request.getfixturevalue(request.param)


def test_every_case_is_there_and_two_of_them_twice(folder):
    names = [vector.name for vector in read_manifest(folder).vectors]
    assert set(names) >= CASES
    assert {name for name in names if name.endswith("_twin")} == {"padding_invariance_twin", "permuted_batch_twin"}


def test_golden_npz_holds_the_same_arrays_and_needs_no_pickle(folder):
    manifest = read_manifest(folder)
    with np.load(folder / "golden.npz", allow_pickle=False) as arrays:
        names = set(arrays.files)
        for one in read_vectors(folder, manifest):
            for name, array in {**one.inputs, **one.outputs}.items():
                np.testing.assert_array_equal(arrays[f"{one.vector.name}/{name}"].astype(array.dtype), array)
                names.remove(f"{one.vector.name}/{name}")
    assert not names


def test_outputs_are_what_tensorflow_gives(encoded_bundle, small_model):
    for one in read_vectors(encoded_bundle, read_manifest(encoded_bundle)):
        scores = small_model.serving(one.inputs, training=False)
        for name, expected in one.outputs.items():
            np.testing.assert_allclose(expected, scores[name].numpy(), atol=1e-6, rtol=1e-5)


def test_files_are_what_onnx_own_runner_expects(folder):
    model = onnx.load(folder / "model.onnx")
    for kind, values in (("input", model.graph.input), ("output", model.graph.output)):
        for number, value in enumerate(values):
            tensor = onnx.TensorProto.FromString((folder / "test_data_set_0" / f"{kind}_{number}.pb").read_bytes())
            assert tensor.name == value.name
            assert tensor.data_type == value.type.tensor_type.elem_type


def test_twins_hold_the_same_rows(encoded_bundle):
    sets = {one.vector.name: one for one in read_vectors(encoded_bundle, read_manifest(encoded_bundle))}
    twin = sets["permuted_batch_twin"]
    order = list(twin.vector.order)
    assert order != sorted(order)
    for name, values in twin.inputs.items():
        np.testing.assert_array_equal(values, sets["permuted_batch"].inputs[name][order])
    longer = sets["padding_invariance_twin"].inputs["hist_item_id"]
    shorter = sets["padding_invariance"].inputs["hist_item_id"]
    np.testing.assert_array_equal(longer[:, : shorter.shape[1]], shorter)
    assert not longer[:, shorter.shape[1] :].any()


def test_tensor_in_the_wrong_place_is_refused(bundle):
    place = bundle / "test_data_set_0"
    (place / "input_0.pb").write_bytes((place / "input_1.pb").read_bytes())
    with pytest.raises(VerificationError, match="holds 'hist_cate_id' instead of 'hist_item_id'"):
        list(read_vectors(bundle, read_manifest(bundle)))


def test_damaged_tensor_is_refused(bundle):
    (bundle / "test_data_set_1" / "output_0.pb").write_bytes(b"\xff\xff\xff")
    with pytest.raises(VerificationError, match=r"output_0\.pb cannot be read"):
        list(read_vectors(bundle, read_manifest(bundle)))
