"""Weights beside the file: every way to damage them is found before anything loads them, and told apart."""

import hashlib
import re

import onnx
import onnx_ir as ir
import pytest

from bstkit.errors import VerificationError
from bstkit.export import checks
from bstkit.export.assemble import assemble
from bstkit.export.checks import read_model
from bstkit.export.external_data import check_data, moved_to
from bstkit.export.write import _GRAPH_RESERVE, write_model


@pytest.fixture(scope="module")
def written(tiny_small, tmp_path_factory):
    """`model.onnx` and `model.onnx.data` as bytes."""
    path = tmp_path_factory.mktemp("split") / "model.onnx"
    write_model(assemble(tiny_small)[0], path, limit=_GRAPH_RESERVE)
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@pytest.fixture
def path(written, tmp_path):
    """A copy to damage."""
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path / "model.onnx"


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES = {
    "one byte less": (lambda content: content[:-1], r"is truncated: it has [\d,]+ of [\d,]+ bytes"),
    "empty": (lambda content: b"", r"is truncated: it has 0 of [\d,]+ bytes"),
    "one bit flipped": (flipped, "was changed: its SHA-256 is not what the model states"),
    "one byte more": (lambda content: content + b"\0", r"was changed: it has [\d,]+ bytes instead of [\d,]+"),
    "missing": (None, "is missing"),
}


@pytest.mark.parametrize(("damage", "what"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_data_is_named_before_it_is_loaded(path, monkeypatch, damage, what):
    data = path.with_name("model.onnx.data")
    if damage is None:
        data.unlink()
    else:
        data.write_bytes(damage(data.read_bytes()))
    monkeypatch.setattr(checks, "check_file", lambda path: pytest.fail("the checker read a damaged file"))
    with pytest.raises(VerificationError, match=re.escape(str(data)) + " " + what) as caught:
        read_model(path)
    assert caught.value.exit_code == 1
    assert "export the run again" in caught.value.hint


def test_file_states_size_and_digest_of_its_data(path):
    data = path.with_name("model.onnx.data").read_bytes()
    stated = {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}
    assert stated["bstkit.sha256.model.onnx.data"] == hashlib.sha256(data).hexdigest()
    assert stated["bstkit.bytes.model.onnx.data"] == str(len(data))
    read_model(path)


def test_digest_that_was_changed_is_a_no(path):
    model = onnx.load(path, load_external_data=False)
    for entry in model.metadata_props:
        if entry.key.startswith(("bstkit.sha256.", "bstkit.bytes.")):
            entry.value = "changed"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(VerificationError, match="was changed"):
        read_model(path)


def test_data_of_another_exporter_is_held_to_what_the_tensors_need(path, tmp_path):
    other = tmp_path / "other.onnx"
    model = ir.load(path)
    for key in [key for key in model.metadata_props if key.startswith(("bstkit.sha256.", "bstkit.bytes."))]:
        del model.metadata_props[key]
    ir.save(model, other, external_data="other.onnx.data", size_threshold_bytes=1024)
    read_model(other)
    data = tmp_path / "other.onnx.data"
    data.write_bytes(data.read_bytes()[:-4])
    with pytest.raises(VerificationError, match="is truncated"):
        read_model(other)


def test_model_is_as_before_when_its_weights_were_written(tiny_small, tmp_path):
    model = assemble(tiny_small)[0]
    tensors = {name: value.const_value for name, value in model.graph.initializers.items()}
    metadata = dict(model.metadata_props)
    with moved_to(model, tmp_path / "weights.data"):
        check_data(model)
        assert model.metadata_props != metadata
    assert {name: value.const_value for name, value in model.graph.initializers.items()} == tensors
    assert model.metadata_props == metadata
