"""The exported folder: its contract, its report, and that it is there whole or not at all."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

from bstkit.component import GraphPass
from bstkit.compose import compose
from bstkit.config.selection import Tolerance
from bstkit.errors import ExportError, ProviderError, RunError, VerificationError
from bstkit.export import compare_layers, export, verify
from bstkit.export.cases import make_cases
from bstkit.export.verification import Verifier
from tests.export.recipes import bst, bst_small, features

NAMED_CASES = {
    *("typical", "empty_history", "length_1", "full_length", "over_length", "all_oov", "id_out_of_range", "max_id"),
    *("batch_1", "batch_7", "batch_1024", "padding_invariance", "permuted_batch"),
}


@pytest.fixture(scope="module")
def model(exported):
    return onnx.load(exported[0] / "model.onnx")


def test_folder_holds_a_bundle_and_nothing_else(exported):
    folder, report = exported
    vectors = {path.name for path in folder.glob("test_data_set_*")}
    assert len(vectors) == len(report.cases) + 2  # two cases have two data sets
    assert {path.name for path in folder.iterdir()} - vectors == {
        "model.onnx",
        "report.json",
        "MODEL_CARD.md",
        "manifest.json",
        "golden.npz",
        "cpp",
    }
    assert sorted(path.name for path in folder.parent.iterdir()) == ["bundle"]
    assert json.loads((folder / "report.json").read_text())["nodes"] == report.nodes


def test_inputs_are_the_features_with_named_dimensions(model, tiny_small):
    found = {
        value.name: (value.type.tensor_type.elem_type, [dim.dim_param for dim in value.type.tensor_type.shape.dim])
        for value in model.graph.input
    }
    assert list(found) == [spec.name for spec in tiny_small.inputs]
    assert found["hist_item_id"] == (onnx.TensorProto.INT32, ["batch", "hist_len"])
    assert found["user_id"] == (onnx.TensorProto.INT32, ["batch"])
    assert found["price"] == (onnx.TensorProto.FLOAT, ["batch"])


def test_outputs_are_probability_and_logit(model):
    assert [value.name for value in model.graph.output] == ["ctr", "ctr_logit"]
    for value in model.graph.output:
        batch, one = value.type.tensor_type.shape.dim
        assert (batch.dim_param, one.dim_value) == ("batch", 1)


def test_file_is_plain_onnx_of_the_stated_versions(model):
    assert model.ir_version == 8
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 18)]
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["bstkit.recipe"] == "bst_small"
    assert metadata["bstkit.opset"] == "18"
    assert metadata["bstkit.lowest_onnxruntime"] == "1.14"
    assert "bstkit.version" in metadata
    assert {node.domain for node in model.graph.node} == {""}
    assert "Loop" not in {node.op_type for node in model.graph.node}


def test_nodes_and_weights_are_named_after_their_layers(model, tiny_small):
    names = {node.name for node in model.graph.node}
    assert "encoder_transformer/block_1/attention/query/MatMul" in names
    assert {v.path for v in tiny_small.serving.trainable_variables} <= {t.name for t in model.graph.initializer}
    assert not any("serving" in name or "lowered" in name for name in names)


def test_report_tells_how_far_apart_both_sides_are(exported):
    _, report = exported
    assert set(report.cases) >= NAMED_CASES
    assert "missing_numeric" in report.cases
    for output in ("ctr", "ctr_logit"):
        difference = report.outputs[output]
        assert 0 <= difference.mean_abs <= difference.p99_abs <= difference.max_abs
        assert difference.scores > 4 * 1024
    assert set(report.providers["cpu"]) == {"disable", "basic", "extended", "all"}
    assert report.providers["cpu"]["disable"]["CPUExecutionProvider"] == report.nodes
    assert report.tolerances["ctr"] == Tolerance(atol=1e-5, rtol=0.0)
    assert not report.loosened
    assert {"tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "bstkit"} <= set(report.versions)
    assert report.lowest_onnxruntime == "1.14"


def test_any_history_length_is_served(exported, tiny_small):
    session = onnxruntime.InferenceSession(exported[0] / "model.onnx", providers=["CPUExecutionProvider"])
    feeds = dict(make_cases(tiny_small)[0].feeds)
    for time in (1, 5, 40):
        for name in ("hist_item_id", "hist_cate_id"):
            feeds[name] = np.full((len(feeds["item_id"]), time), 2, np.int32)
        assert np.isfinite(session.run(["ctr"], feeds)[0]).all()


def test_recipe_bst_at_opset_17_gives_the_same_numbers(tiny_bst, tmp_path):
    selection = tiny_bst.selection.model_copy(update={"export": bst(opset=17).export})
    older = type(tiny_bst)(**{**vars(tiny_bst), "selection": selection})
    report = export(older, tmp_path / "old")
    assert report.opset == 17
    assert report.lowest_onnxruntime == "1.12"


@pytest.mark.parametrize("pooling", ["attention", "mean", "sum", "last"])
def test_every_pooling_exports(pooling, tmp_path):
    composed = compose(bst_small(pooling, encoder="identity"), features(dim=4, max_length=5))
    report = export(composed, tmp_path / "bundle")
    assert report.outputs["ctr"].max_abs <= 1e-5


def test_held_out_rows_are_the_typical_case(tiny_small, tmp_path):
    samples = make_cases(tiny_small)[4].feeds
    assert Verifier(tiny_small, samples).cases[0].feeds["item_id"].tolist() == samples["item_id"].tolist()


def test_taken_folder_is_refused_and_left_alone(tiny_small, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunError, match="already exists"):
        export(tiny_small, tmp_path / "taken")
    assert list((tmp_path / "taken").iterdir()) == []


def test_failed_verification_leaves_nothing_behind(tiny_small, tmp_path, monkeypatch):
    broken = {name: Tolerance(atol=0.0, rtol=0.0) for name in ("probability", "logit")}
    settings = tiny_small.selection.export.model_copy(update=broken)
    selection = tiny_small.selection.model_copy(update={"export": settings})
    strict = type(tiny_small)(**{**vars(tiny_small), "selection": selection})
    with pytest.raises(VerificationError, match="differ"):
        export(strict, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_unknown_provider_is_refused_before_any_work(tiny_small, tmp_path):
    with pytest.raises(ProviderError, match="no execution provider named 'cdua'") as caught:
        export(tiny_small, tmp_path / "bundle", providers=("cdua",))
    assert "did you mean 'cuda'" in caught.value.hint


def scale_probability(model):
    """A pass that breaks the model: it doubles what goes into the last Sigmoid."""
    for node in model.graph:
        if node.op_type == "Sigmoid" and node.outputs[0].name == "ctr":
            node.op_type = "Tanh"


def do_nothing(model):
    """A pass that is right."""


def test_pass_of_a_plugin_that_breaks_the_numbers_is_named(tiny_small, tmp_path):
    passes = [
        GraphPass("nothing", f"{__name__}:do_nothing", ""),
        GraphPass("squash", f"{__name__}:scale_probability", ""),
    ]
    with pytest.raises(ExportError, match=r"after export pass 'squash'.*\n.*output 'ctr'"):
        export(tiny_small, tmp_path / "bundle", passes=passes)
    assert list(tmp_path.iterdir()) == []


def test_layers_are_compared_one_by_one(tiny_small):
    lines = compare_layers(tiny_small)
    assert not any(line.differs for line in lines)
    names = [line.layer for line in lines]
    assert (
        names.index("item_embedding")
        < names.index("encoder_transformer/block_1/ffn_norm")
        < names.index("head_mlp/hidden/dense_1")
    )


class WrongDense(layers.Dense):
    """Its lowering forgets the bias."""

    def call(self, inputs):
        return super().call(inputs)

    def to_onnx(self, op, inputs):
        return op.MatMul(inputs, op.weight(self.kernel))


def test_by_layer_names_the_first_layer_whose_lowering_is_wrong(tiny_small, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(layers.Dense, "to_onnx", WrongDense.to_onnx, raising=False)
    wrong = tmp_path / "model.onnx"
    from bstkit.export.assemble import assemble
    from bstkit.export.write import write_model

    write_model(assemble(tiny_small)[0], wrong)
    with pytest.raises(VerificationError) as caught:
        verify(tiny_small, wrong, by_layer=True)
    differing = [line.split()[-1] for line in caught.value.message.splitlines() if line.startswith("  differs")]
    assert differing[0] == "encoder_transformer/block_1/attention/query"
    assert "to_onnx" in caught.value.hint


def test_padding_row_is_never_read(tiny_bst, tiny_small, tmp_path):
    for number, composed in enumerate((tiny_bst, tiny_small)):
        feeds = make_cases(composed)[0].feeds
        before = Verifier(composed).reference.score(feeds)
        tables = [v for v in composed.serving.variables if v.path.endswith("embeddings")]
        kept = [table.numpy() for table in tables]
        for table in tables:
            table.assign(np.concatenate([table.numpy()[:1] + 1e4, table.numpy()[1:]]))
        try:
            verifier = Verifier(composed)
            np.testing.assert_allclose(
                verifier.reference.score(feeds)["ctr_logit"], before["ctr_logit"], atol=1e-5, rtol=1e-4
            )
            export(composed, tmp_path / str(number))  # ONNX Runtime gives what TensorFlow gives
        finally:
            for table, values in zip(tables, kept, strict=True):
                table.assign(values)


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, bstkit.export; print([m for m in ('tensorflow', 'keras', 'numpy', 'onnx') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_two_processes_export_the_same_graph(tmp_path):
    code = """
import sys
from pathlib import Path
import keras, onnx, onnx_ir as ir
from bstkit.compose import compose
from bstkit.export.assemble import assemble
from tests.export.recipes import bst_small, features
keras.utils.set_random_seed(0)
model, _ = assemble(compose(bst_small(), features(dim=8, max_length=6)))
Path(sys.argv[1]).write_bytes(ir.to_proto(model).SerializeToString(deterministic=True))
"""
    files = [tmp_path / name for name in ("1", "2")]
    for seed, file in enumerate(files):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, env=environment)
    assert files[0].read_bytes() == files[1].read_bytes()
