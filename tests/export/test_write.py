"""Files: external data past the limit, checked, whole or absent."""

import sys

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from bstkit.errors import ExportError
from bstkit.export.assemble import assemble
from bstkit.export.cases import make_cases
from bstkit.export.external_data import SMALLEST_EXTERNAL
from bstkit.export.verification import Verifier
from bstkit.export.write import _GRAPH_RESERVE, _attribute_bytes, write_model
from bstkit.staging import partial_folder


@pytest.fixture(scope="module")
def model(tiny_small):
    return assemble(tiny_small)[0]


def test_small_model_is_one_file(model, tmp_path):
    write_model(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_model_past_the_limit_keeps_its_weights_beside_it(model, tiny_small, tmp_path):
    write_model(model, tmp_path / "model.onnx", limit=_GRAPH_RESERVE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "model.onnx.data"]
    graph = onnx.load(tmp_path / "model.onnx", load_external_data=False).graph
    external = [t for t in graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    assert external
    assert all(np.prod(t.dims) * 4 >= SMALLEST_EXTERNAL for t in external)
    report = Verifier(tiny_small).verify(tmp_path / "model.onnx")
    assert report.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_both_forms_score_the_same(model, tiny_small, tmp_path):
    scores = []
    for name, limit in (("one", 2**31), ("two", _GRAPH_RESERVE)):
        (tmp_path / name).mkdir()
        write_model(model, tmp_path / name / "model.onnx", limit=limit)
        session = onnxruntime.InferenceSession(tmp_path / name / "model.onnx", providers=["CPUExecutionProvider"])
        scores.append(session.run(["ctr"], make_cases(tiny_small)[0].feeds)[0])
    np.testing.assert_array_equal(*scores)


def test_refused_model_leaves_nothing_behind(tmp_path):
    x = ir.val("x", ir.DataType.FLOAT, [2])
    node = ir.node("Add", [x, ir.val("missing", ir.DataType.FLOAT, [2])], name="bad")
    node.outputs[0].name = "y"
    node.outputs[0].type, node.outputs[0].shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape([2])
    graph = ir.Graph([x], node.outputs, nodes=[node], opset_imports={"": 18}, name="bad")
    with pytest.raises(ExportError, match=r"onnx\.checker refuses"):
        write_model(ir.Model(graph, ir_version=8), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_partial_folder_is_gone_after_an_error(tmp_path):
    def fail_half_way():
        with partial_folder(tmp_path / "bundle") as folder:
            (folder / "half").write_text("x")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("attributes", "least"), [({"keys_strings": ["ü" * 500] * 9}, 9000), ({"ints": [-1] * 9}, 99)])
def test_vocabularies_count_against_the_limit(attributes, least):
    node = ir.node("LabelEncoder", [ir.val("x", ir.DataType.STRING, [2])], attributes, domain="ai.onnx.ml")
    model = ir.Model(ir.Graph([], [], nodes=[node], opset_imports={"": 18}), ir_version=8)
    assert least <= _attribute_bytes(model) <= least + 100
    assert ir.to_proto(model).ByteSize() <= _attribute_bytes(model) + 100


def test_vocabularies_past_the_limit_are_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[write_model.__module__], "PROTOBUF_LIMIT", _GRAPH_RESERVE)
    with pytest.raises(ExportError, match="the vocabularies inside the graph take") as caught:
        write_model(model, tmp_path / "model.onnx")
    assert "--ids encoded" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
