"""The target `edge`: fixed shapes, an `.ort` file, and the verdict of the mobile usability checker."""

import json
import logging
import shutil
import sys

import keras
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnxruntime.tools.reduced_build_config_parser import parse_config

from bstkit.compose import compose
from bstkit.config.features import History
from bstkit.config.resolve import load_selection
from bstkit.config.selection import Stack, Use
from bstkit.errors import ExportError, VerificationError
from bstkit.export import export, verify
from bstkit.export.assemble import assemble
from bstkit.export.cases import make_cases
from bstkit.export.contract import count_operations
from bstkit.export.targets.edge import fix_shapes
from bstkit.export.targets.ort_file import read_ort, write_ort
from bstkit.export.verification import Verifier
from bstkit.export.write import _GRAPH_RESERVE, write_model
from tests import models
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features
from tests.export.test_raw_ids import VOCABULARIES

FILES = ["model.onnx", "model.ort", "model.required_operators.config", "report.json"]

RECIPES = {
    "bst": {},
    "bst_small": {},
    "bst_deepctr": {},
    "din": {"length": "hist_length"},
    "dien": {"negatives": "uniform"},
    "dsin": {"mask": "all", "session_gap_s": 1800.0, "max_sessions": 3, "session_length": 4},
}
"""Recipe -> what its history says."""


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """Composes a packaged recipe in miniature."""
    empty = tmp_path_factory.mktemp("empty")

    def composed(recipe, *settings):
        given = ["head.units=[8]", "export.target=edge", *settings]
        selected = load_selection(recipe, settings=given, environ={}, working_folder=empty)
        return randomise(compose(selected, models.features(dim=8, max_length=6, **RECIPES[recipe])))

    return composed


@pytest.fixture(scope="module")
def edge(tiny_small, tmp_path_factory):
    """`tiny_small` exported for devices, three rows at once: (folder, report)."""
    folder = tmp_path_factory.mktemp("edge") / "bundle"
    return folder, export(tiny_small, folder, target="edge", edge_batch=3)


@pytest.fixture
def copy(edge, tmp_path):
    """A copy of the exported folder, to be damaged; its model.onnx."""
    return shutil.copytree(edge[0], tmp_path / "copy") / "model.onnx"


def dims(values):
    return {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values}


def write_ort_of(model, path):
    """Write the `.ort` of another model in the place of the right one."""
    other = path.parent / "other"
    other.mkdir()
    ir.save(model, other / "model.onnx")
    write_ort(other / "model.onnx")
    shutil.copy(other / "model.ort", path)


@pytest.mark.parametrize(
    ("recipe", "opset", "batch"),
    [(recipe, 18, 1) for recipe in RECIPES] + [("bst_small", 17, 3), ("dien", 17, 4), ("dsin", 17, 2)],
)
def test_recipe_has_fixed_shapes_and_tensorflow_s_scores(miniature, recipe, opset, batch, tmp_path):
    composed = miniature(recipe, f"export.opset={opset}", f"export.edge_batch={batch}")
    report = export(composed, tmp_path / "bundle")
    assert {path.name for path in (tmp_path / "bundle").iterdir()} >= set(FILES)
    history = [batch, 3, 4] if recipe == "dsin" else [batch, 6]
    model = onnx.load(tmp_path / "bundle" / "model.onnx")
    assert dims(model.graph.input) == {
        spec.name: history if len(spec.dims) > 1 else [batch] for spec in composed.inputs
    }
    assert dims(model.graph.output) == {"ctr": [batch, 1], "ctr_logit": [batch, 1]}
    inner = dims(model.graph.value_info)
    assert inner
    assert all(all(dim > 0 for dim in shape) for shape in inner.values())
    assert (report.target, report.opset) == ("edge", opset)
    assert report.outputs["ctr_logit"].max_abs <= 1e-5
    assert not set(report.operations) & {"Shape", "Range", "Loop"}
    if recipe not in ("dien", "dsin"):  # poolings and sessions have searches of their own
        assert not set(report.operations) & {"ArgMax", "GatherElements", "Pad"}
    portable, _ = assemble(composed.with_export("test", target="portable"))
    assert report.nodes < sum(count_operations(portable).values())


def test_every_case_ran_in_both_files(edge, exported):
    runs = edge[1].runs
    assert edge[1].cases == exported[1].cases
    by_file = {
        name: {(run.case, run.level) for run in runs if run.file == name} for name in ("model.onnx", "model.ort")
    }
    levels = {"disable", "basic", "extended", "all"}
    assert by_file["model.onnx"] == {(case, level) for case in edge[1].cases for level in levels}
    assert by_file["model.ort"] == {(case, "all") for case in edge[1].cases}
    assert edge[1].outputs["ctr"].scores == exported[1].outputs["ctr"].scores / 4 * 5  # no row was left out


def test_report_tells_sizes_and_what_was_cut(edge, exported):
    folder, report = edge
    assert report.edge.sizes == {"batch": 3, "hist_len": 6}
    assert report.edge.cut == ("over_length",)
    assert report.edge.bytes == (folder / "model.ort").stat().st_size
    assert (report.edge.ort, report.edge.level, report.edge.lowest_onnxruntime) == ("model.ort", "basic", "1.16")
    written = json.loads((folder / "report.json").read_text())["edge"]
    assert written["sizes"] == report.edge.sizes
    assert written["usability"]["NNAPI"]["verdict"] == report.edge.usability["NNAPI"].verdict
    assert exported[1].edge is None
    assert json.loads((exported[0] / "report.json").read_text())["edge"] is None


def test_verdict_is_that_of_the_usability_checker(edge, caplog):
    from onnxruntime.tools.mobile_helpers.usability_checker import analyze_model

    from bstkit.export.targets.ort_tools import tools_contained

    caplog.set_level(logging.INFO)
    with tools_contained():
        analyze_model(edge[0] / "model.onnx", logger=logging.getLogger("checked"))
    said = [record.getMessage() for record in caplog.records if record.name == "checked"]
    for name, found in edge[1].edge.usability.items():
        assert f"Model should perform well with {name} as is: {found.verdict.upper()}" in said
        summary = f"{found.partitions} partitions with a total of {found.supported}/{found.nodes} nodes can be handled"
        assert f"{summary} by the {name} EP." in said
        assert f"\tUnsupported ops: {','.join(f'ai.onnx:{operation}' for operation in found.unsupported)}" in said
        assert found.dynamic == 0  # no shape is left that is not fixed
    assert set(edge[1].edge.usability) == {"NNAPI", "CoreML NeuralNetwork", "CoreML MLProgram"}


def test_config_lists_the_operators_of_the_ort_file(edge):
    folder, report = edge
    required, _ = parse_config(str(folder / "model.required_operators.config"))
    assert required == read_ort(folder / "model.ort")[1]
    assert set(required) == {"ai.onnx"}
    # ONNX Runtime's basic level makes Gemm of MatMul and Add and takes out what is constant; it brings nothing new.
    assert set().union(*required["ai.onnx"].values()) <= set(report.operations)
    assert str(folder.parent) not in (folder / "model.required_operators.config").read_text()


def test_ort_file_runs_alone(edge, tiny_small):
    session = onnxruntime.InferenceSession(edge[0] / "model.ort", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["bstkit.target"] == "edge"
    rows = {name: values[:3] for name, values in make_cases(tiny_small)[3].feeds.items()}
    expected = tiny_small.serving(rows)["ctr_logit"].numpy()
    np.testing.assert_allclose(session.run(["ctr_logit"], rows)[0], expected, atol=1e-5)
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(["ctr_logit"], {name: values[:2] for name, values in rows.items()})


def test_weights_keep_their_names_and_are_read_when_written(tiny_small, exported, edge):
    model, _ = assemble(tiny_small.with_export("test", target="edge"))
    lazy = {name for name, value in model.graph.initializers.items() if isinstance(value.const_value, ir.LazyTensor)}
    portable = {one.name for one in onnx.load(exported[0] / "model.onnx").graph.initializer}
    assert {variable.path for variable in tiny_small.serving.trainable_variables} <= lazy <= portable
    assert lazy <= {one.name for one in onnx.load(edge[0] / "model.onnx").graph.initializer}


def test_raw_ids_and_fixed_shapes_go_together(tiny_small, tmp_path):
    composed = tiny_small.with_export("test", target="edge", edge_batch=2, ids="raw", opset=17)
    report = export(composed, tmp_path / "bundle", vocabularies=VOCABULARIES)
    assert (report.ids, report.target, report.edge.sizes["batch"]) == ("raw", "edge", 2)
    assert report.operations["LabelEncoder"] == len(report.id_dtypes)
    required, _ = parse_config(str(tmp_path / "bundle" / "model.required_operators.config"))
    assert required["ai.onnx.ml"] == {2: {"LabelEncoder"}}
    again = verify(tiny_small, tmp_path / "bundle" / "model.onnx", vocabularies=VOCABULARIES, by_layer=True)
    assert {run.file for run in again.runs} == {"model.onnx", "model.ort"}


def test_vocabulary_of_the_ort_file_is_compared_key_by_key(tiny_small, tmp_path):
    export(tiny_small, tmp_path / "bundle", target="edge", ids="raw", vocabularies=VOCABULARIES)
    path = tmp_path / "bundle" / "model.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.name == "item_id/LabelEncoder" and attribute.name == "keys_int64s":
                attribute.ints[-1] = 4
    write_ort_of(ir.from_proto(model), path.with_suffix(".ort"))
    verifier = Verifier(tiny_small, vocabularies=VOCABULARIES)
    verifier.cases = verifier.cases[:0]  # the scores alone would not tell
    with pytest.raises(VerificationError, match=r"model\.ort has other vocabularies") as caught:
        verifier.verify(path)
    assert "input 'item_id': its vocabulary does not give key 1336 the id 50" in caught.value.message


def test_sessions_and_a_second_history_have_sizes_of_their_own(tmp_path):
    table = features(dim=4, max_length=6)
    hist = table.history["hist"].model_copy(update={"session_gap_s": 60.0, "max_sessions": 2, "session_length": 3})
    tags = History(source="row", fields={"tags": "cate"}, max_length=4, weight="tag_weights")
    table = table.model_copy(update={"history": {"hist": hist, "tags": tags}})
    own = Stack(
        encoder=(Use(key="encoder.weighted", path="branch.tags.encoder"),),
        pooling=(Use(key="pooling.sum", path="branch.tags.pooling"),),
    )
    session = Stack(pooling=(Use(key="pooling.mean", path="session.pooling"),))
    selected = bst_small("mean", "identity").model_copy(update={"session": session, "branches": {"tags": own}})
    report = export(randomise(compose(selected, table)), tmp_path / "bundle", target="edge", edge_batch=5)
    assert report.edge.sizes == {"batch": 5, "hist_sessions": 2, "hist_len": 3, "tags_len": 4}
    assert {"over_length", "full_length"} <= set(report.edge.cut)  # a full history has six steps, tags take four
    assert "empty_history" not in report.edge.cut


def changed(model, name="head_mlp/hidden/dense_2/bias"):
    """The model with another weight."""
    value = model.graph.initializers[name]
    value.const_value = ir.Tensor(value.const_value.numpy() + np.float32(1), name=name)
    return model


def test_changed_weight_is_named(copy, tiny_small):
    ir.save(changed(ir.load(copy)), copy)
    with pytest.raises(VerificationError, match=r"case 'typical'.*\[model\.onnx, cpu: disable") as caught:
        verify(tiny_small, copy, by_layer=True)
    assert "'head_mlp/hidden/dense_2/bias' is" in caught.value.message
    assert "node '" not in caught.value.message  # the graph to compare with has the file's shapes and batch
    assert "model.ort" not in caught.value.message
    assert "  differs   1.0e+00  head_mlp/hidden/dense_2" in caught.value.message
    assert "  equal  " in caught.value.message
    assert "export the run again" in caught.value.hint


def test_ort_of_other_weights_is_refused(copy, tiny_small):
    write_ort_of(changed(ir.load(copy)), copy.with_suffix(".ort"))
    with pytest.raises(VerificationError, match=r"case 'typical'.*\[model\.ort, cpu: all\]") as caught:
        verify(tiny_small, copy)
    assert "model.onnx is right, what lies beside it is not" in caught.value.message
    assert "[model.onnx" not in caught.value.message
    assert "export the run again" in caught.value.hint


def test_truncated_ort_is_refused(copy, tiny_small):
    path = copy.with_suffix(".ort")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(VerificationError, match=r"ONNX Runtime cannot load the model.*\[model\.ort") as caught:
        verify(tiny_small, copy)
    assert "Traceback" not in caught.value.message


def test_missing_ort_is_refused(copy, tiny_small):
    copy.with_suffix(".ort").unlink()
    with pytest.raises(VerificationError, match=r"model\.ort is missing beside model\.onnx"):
        verify(tiny_small, copy)


@pytest.mark.parametrize("change", ["missing", "shorter"])
def test_config_of_another_file_is_refused(copy, tiny_small, change):
    path = copy.with_suffix(".required_operators.config")
    if change == "missing":
        path.unlink()
    else:
        path.write_text(path.read_text().replace("Concat,", ""))
    with pytest.raises(VerificationError, match=r"does not list the operators of model\.ort"):
        verify(tiny_small, copy)


def test_file_that_names_no_target_is_refused(copy, tiny_small):
    model = ir.load(copy)
    model.metadata_props["bstkit.target"] = "toaster"
    ir.save(model, copy)
    with pytest.raises(VerificationError, match="made for 'toaster'; there are portable"):
        verify(tiny_small, copy)


@pytest.mark.parametrize("target", ["portable", "edge"])
def test_shapes_that_are_not_the_target_s_are_refused(exported, copy, tiny_small, target):
    model = ir.load(copy if target == "portable" else exported[0] / "model.onnx")
    model.metadata_props["bstkit.target"] = target
    ir.save(model, copy)
    says = (
        r"has dimensions \[3, 6\] instead of \['batch'" if target == "portable" else r"'batch', .*instead of \[1, 6\]"
    )
    with pytest.raises(VerificationError, match=says):
        verify(tiny_small, copy)


class Shorten(keras.layers.Layer):
    """Keep as many steps as the ids say: a shape that no input's shape tells."""

    def call(self, sequence, mask):
        return sequence

    def to_onnx(self, op, sequence, mask):
        rows = op.NonZero(op.ReduceMax(op.Cast(mask, to="int32"), [1], keepdims=0))
        return op.Gather(sequence, op.Squeeze(rows, [0]), axis=0)


def test_shape_that_depends_on_values_is_one_error(tmp_path):
    selected = bst_small("max", "identity").model_copy(
        update={"components": {"encoder.shorten": f"{__name__}:Shorten"}}
    )
    use = Use(key="encoder.shorten", path="encoder")
    composed = compose(selected.model_copy(update={"encoder": (use,)}), features(dim=4, max_length=4))
    with pytest.raises(ExportError, match="a model for edge devices has fixed shapes") as caught:
        export(composed, tmp_path / "bundle", target="edge")
    assert "encoder_shorten/NonZero: NonZero" in caught.value.message
    assert "--target portable" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_batch_without_rows_is_refused(tiny_small, tmp_path):
    with pytest.raises(ExportError, match="a batch of 0 rows"):
        export(tiny_small, tmp_path / "bundle", target="edge", edge_batch=0)


def test_model_past_protobuf_s_limit_has_no_ort_file(tiny_small, tmp_path):
    model, _ = assemble(tiny_small.with_export("test", target="edge"))
    write_model(model, tmp_path / "model.onnx", limit=_GRAPH_RESERVE)
    with pytest.raises(ExportError, match="past 2 GB"):
        write_ort(tmp_path / "model.onnx")


def test_model_that_onnx_runtime_refuses_has_no_ort_file(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ExportError, match=r"ONNX Runtime cannot write model\.ort"):
        write_ort(tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_scan_keeps_its_body(miniature):
    composed = miniature("dien")
    model, _ = assemble(composed)
    [scan] = [node for node in model.graph if node.op_type == "Scan"]
    body = scan.attributes["body"].as_graph()
    shapes = [value.shape for value in (*body.inputs, *body.outputs) if value.shape is not None]
    assert all(isinstance(dim, int) for shape in shapes for dim in shape)
    before = [str(node) for node in model.graph]
    fix_shapes(model, composed)
    assert [str(node) for node in model.graph] == before  # nothing is left to do


def test_tools_leave_the_process_as_it_was(copy):
    path, handlers, hashing = list(sys.path), list(logging.getLogger().handlers), onnx.NodeProto.__hash__
    write_ort(copy)
    read_ort(copy.with_suffix(".ort"))
    assert (sys.path, logging.getLogger().handlers, onnx.NodeProto.__hash__) == (path, handlers, hashing)
