"""The bundle of a file of fixed shapes: its vectors, and the `.ort` file beside it."""

import shutil

import pytest

from bstkit.bundle.manifest import read_manifest
from bstkit.bundle.replay import verify_bundle
from bstkit.bundle.vectors import read_vectors
from bstkit.errors import VerificationError
from bstkit.export import export
from bstkit.export.providers import LEVELS
from tests.bundle.changes import cover
from tests.bundle.conftest import KEYS


@pytest.fixture(scope="module")
def edge_bundle(small_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "edge"
    export(small_model, folder, target="edge", edge_batch=4, vocabularies=KEYS)
    return folder


def test_contract_states_numbers_for_dimensions(edge_bundle):
    contract = read_manifest(edge_bundle).contract
    assert {one.name: one.dims for one in contract.inputs}["hist_item_id"] == (4, 6)
    assert {one.name: one.dims for one in contract.outputs}["ctr"] == (4, 1)


def test_vectors_have_the_shapes_that_the_file_takes(edge_bundle):
    manifest = read_manifest(edge_bundle)
    cases = [vector.case for vector in manifest.vectors]
    assert cases.count("batch_1") == 1
    assert cases.count("batch_7") == 2
    assert cases.count("batch_1024") == 8
    for one in read_vectors(edge_bundle, manifest):
        assert one.inputs["hist_item_id"].shape == (4, 6)
        assert one.outputs["ctr"].shape == (4, 1)


def test_both_files_are_replayed(edge_bundle):
    replay = verify_bundle(edge_bundle)
    ran = {(run.file, run.level) for run in replay.runs}
    assert ran == {("model.ort", "all"), *(("model.onnx", level) for level in LEVELS)}


def test_ort_file_of_another_model_is_named(edge_bundle, small_model, tmp_path):
    folder = shutil.copytree(edge_bundle, tmp_path / "bundle")
    weight = next(one for one in small_model.serving.variables if one.path.endswith("ctr_logit/kernel"))
    before = weight.numpy()
    weight.assign(before + 1)
    try:
        export(small_model, tmp_path / "other", target="edge", edge_batch=4)
    finally:
        weight.assign(before)
    shutil.copy(tmp_path / "other" / "model.ort", folder / "model.ort")
    cover(folder, "model.ort")
    with pytest.raises(VerificationError, match=r"case 'typical', max .*\[model\.ort, cpu: all\]"):
        verify_bundle(folder)
