"""manifest.json: what it says, its schema, and what is refused."""

import json

import jsonschema
import pytest

from bstkit.bundle.contract import CONTRACT_VERSION
from bstkit.bundle.manifest import SCHEMA_VERSION, read_manifest, schema, shipped_schema
from bstkit.errors import BundleError, VerificationError
from bstkit.version import __version__
from tests.bundle.changes import edit_manifest
from tests.bundle.conftest import BUCKETS, KEYS


def test_schema_in_the_package_is_that_of_the_models():
    assert shipped_schema() == schema()
    jsonschema.Draft202012Validator.check_schema(shipped_schema())


@pytest.mark.parametrize("name", ["encoded_bundle", "raw_bundle", "hashed_bundle"])
def test_manifest_is_valid_for_an_independent_reader(name, request):
    content = json.loads((request.getfixturevalue(name) / "manifest.json").read_bytes())
    jsonschema.validate(content, shipped_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "extra": 1}, shipped_schema())


def test_manifest_says_where_the_model_comes_from(encoded_bundle):
    identity = read_manifest(encoded_bundle).identity
    assert (identity.recipe, identity.bstkit, identity.seed) == ("bst_small", __version__, 0)
    assert {"tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime"} <= set(identity.versions)
    assert identity.components == {"encoder.transformer": "bstkit 0.1.0"}
    assert identity.data.log == "a log"


def test_every_file_is_listed_with_its_size(encoded_bundle):
    files = read_manifest(encoded_bundle).files
    there = {path.relative_to(encoded_bundle).as_posix() for path in encoded_bundle.rglob("*") if path.is_file()}
    assert set(files) == there - {"manifest.json"}
    assert all((encoded_bundle / name).stat().st_size == fact.bytes for name, fact in files.items())


def test_vocabularies_stand_in_the_order_of_their_ids(encoded_bundle):
    manifest = read_manifest(encoded_bundle)
    for space, keys in KEYS.items():
        fact = manifest.vocabularies[space]
        lines = (encoded_bundle / fact.file).read_bytes().decode().split("\n")
        assert lines == [*keys, ""]
        assert fact.rows == len(keys) + 2


def test_hashed_space_has_rows_and_no_file(hashed_bundle):
    """Not even where the caller of `export` has keys of it."""
    fact = read_manifest(hashed_bundle).vocabularies["item"]
    assert (fact.file, fact.rows) == (None, BUCKETS + 2)
    assert {path.stem for path in (hashed_bundle / "vocab").iterdir()} == set(KEYS) - {"item"}


def unknown_hash(content):
    content["contract"]["spaces"]["item"] |= {"hash": "crc32", "hash_buckets": 9}


def newer(content):
    content["schema_version"] = SCHEMA_VERSION + 1
    content["something new"] = True


def newer_contract(content):
    content["contract"] |= {"version": CONTRACT_VERSION + 1, "something new": True}


CHANGES = {
    "newer contract": (newer_contract, BundleError, f"knows versions up to {CONTRACT_VERSION}"),
    "newer format": (newer, BundleError, f"reads formats up to {SCHEMA_VERSION}"),
    "unknown hash": (unknown_hash, VerificationError, "contract.spaces.item.hash: Input should be 'sha256-64'"),
    "unknown key": (lambda content: content.update(extra=1), VerificationError, "extra: Extra inputs"),
    "missing key": (lambda content: content.pop("graph"), VerificationError, "graph: Field required"),
    "no digest": (lambda c: c["files"]["model.onnx"].update(sha256="x"), VerificationError, "files.model.onnx.sha256"),
    "contract": (lambda c: c["contract"]["inputs"][0].update(dtype="int64"), VerificationError, "the contract"),
}


@pytest.mark.parametrize(("change", "error", "message"), CHANGES.values(), ids=CHANGES)
def test_changed_manifest_is_refused(bundle, change, error, message):
    edit_manifest(bundle, change)
    with pytest.raises(error, match=message) as caught:
        read_manifest(bundle)
    assert caught.value.exit_code == (2 if error is BundleError else 1)
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"3"])
def test_manifest_that_is_no_object_is_refused(bundle, content):
    (bundle / "manifest.json").write_bytes(content)
    with pytest.raises(VerificationError, match=r"manifest\.json"):
        read_manifest(bundle)


def test_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read") as caught:
        read_manifest(tmp_path)
    assert "bstkit export" in caught.value.hint
