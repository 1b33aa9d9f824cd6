"""Raw ids: the vocabularies inside the graph, for keys of every dtype, on inputs of every rank."""

import json

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from bstkit.compose import compose
from bstkit.config.features import ContextId, History
from bstkit.config.selection import Stack, Use
from bstkit.errors import ExportError, VerificationError
from bstkit.export import export, verify
from bstkit.export.assemble import assemble
from bstkit.export.cases import make_cases
from bstkit.export.contract import check_rules, state_contract
from bstkit.export.id_keys import LOWEST_INT64
from bstkit.export.raw_ids import changed_keys, put_vocabularies
from bstkit.export.verification import Verifier
from bstkit.export.write import _GRAPH_RESERVE, write_model
from bstkit.inputs import InputSpec
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features

VOCABULARIES = {
    "item": [str(1000 + 7 * i) for i in range(49)],  # int64
    "cate": ["ä ö", "🔑", " ", *(f"c{i}" for i in range(9))],
    "user": [str(-i) for i in range(29)],
    "gender": ["f"],
    "age": [f"{i:02}" for i in range(9)],
}
"""Keys of the spaces of `features()`; those of `age` have leading zeros and are no numbers."""

DTYPES = {
    "hist_item_id": "int64",
    "hist_cate_id": "string",
    "item_id": "int64",
    "cate_id": "string",
    "user_id": "int64",
    "gender_id": "string",
    "age_id": "string",
}


@pytest.fixture(scope="module")
def raw(tiny_small, tmp_path_factory):
    """`tiny_small` exported with raw ids: (folder, report)."""
    folder = tmp_path_factory.mktemp("raw") / "bundle"
    return folder, export(tiny_small, folder, ids="raw", vocabularies=VOCABULARIES)


@pytest.fixture
def copy(raw, tmp_path):
    """A copy of the exported file, to be damaged."""
    path = tmp_path / "model.onnx"
    path.write_bytes((raw[0] / "model.onnx").read_bytes())
    return path


def edit(path, change):
    """Change the LabelEncoder of an input in a file."""
    model = onnx.load(path)
    for name in ("item_id", "hist_item_id"):
        [node] = [node for node in model.graph.node if node.name == f"{name}/LabelEncoder"]
        change({attribute.name: attribute for attribute in node.attribute})
    onnx.save(model, path)


def scores(folder, feeds):
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    return session.run(["ctr_logit"], feeds)[0]


def test_report_tells_the_form_and_the_dtype_of_each_id_input(raw, exported):
    folder, report = raw
    assert (report.ids, report.id_dtypes) == ("raw", DTYPES)
    written = json.loads((folder / "report.json").read_text())
    assert (written["ids"], written["id_dtypes"]) == ("raw", DTYPES)
    assert exported[1].ids == "encoded"
    assert set(exported[1].id_dtypes.values()) == {"int32"}


def test_every_case_was_verified_at_every_level(raw, exported):
    assert [(run.case, run.level) for run in raw[1].runs] == [(run.case, run.level) for run in exported[1].runs]
    assert raw[1].outputs["ctr_logit"].max_abs <= 1e-5


def test_inputs_keep_names_and_dimensions(raw, tiny_small):
    graph = onnx.load(raw[0] / "model.onnx").graph
    assert [value.name for value in graph.input] == [spec.name for spec in tiny_small.inputs]
    types = {"string": onnx.TensorProto.STRING, "int64": onnx.TensorProto.INT64}
    for value, spec in zip(graph.input, tiny_small.inputs, strict=True):
        assert [dim.dim_param for dim in value.type.tensor_type.shape.dim] == list(spec.dims)
        if spec.space:
            assert value.type.tensor_type.elem_type == types[DTYPES[spec.name]]
    assert next(v for v in graph.input if v.name == "price").type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_metadata_says_how_to_feed(raw):
    model = onnx.load(raw[0] / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["bstkit.ids"] == "raw"
    assert {space: metadata[f"bstkit.ids.{space}"] for space in VOCABULARIES} == {
        "item": "int64",
        "cate": "string",
        "user": "int64",
        "gender": "string",
        "age": "string",
    }
    assert metadata["bstkit.padding_key.int64"] == str(LOWEST_INT64)
    assert metadata["bstkit.padding_key.string"] == ""
    assert {(opset.domain, opset.version) for opset in model.opset_import} == {("", 18), ("ai.onnx.ml", 2)}
    assert model.ir_version == 8


def test_one_vocabulary_and_one_cast_stand_before_the_same_graph(raw, exported):
    added = dict(raw[1].operations)
    assert added.pop("LabelEncoder") == len(DTYPES)
    assert added.pop("Cast") == exported[1].operations.get("Cast", 0) + len(DTYPES)
    assert added == {name: count for name, count in exported[1].operations.items() if name != "Cast"}


def test_encoded_graph_says_nothing_of_raw_ids(exported):
    model = onnx.load(exported[0] / "model.onnx")
    assert [entry.value for entry in model.metadata_props if entry.key.startswith("bstkit.ids")] == ["encoded"]
    assert not [entry for entry in model.metadata_props if "padding_key" in entry.key]
    assert [opset.domain for opset in model.opset_import] == [""]


def test_keys_score_as_their_ids_do(raw, exported, tiny_small):
    def column(dtype, values):
        return np.array(values, object if dtype == "string" else np.int64)

    def feeds(item, cate, other):
        return {
            "hist_item_id": column("int64", [[item, item]]),
            "hist_cate_id": column("string", [[cate, cate]]),
            "item_id": column("int64", [item]),
            "cate_id": column("string", [cate]),
            "user_id": column("int64", [-3]),
            "gender_id": column("string", ["f"]),
            "age_id": column("string", [other]),
            "price": np.array([1.5], np.float32),
        }

    def encoded(item, cate, other):
        values = {"hist_item_id": [[item, item]], "hist_cate_id": [[cate, cate]], "item_id": [item], "cate_id": [cate]}
        ids = values | {"user_id": [5], "gender_id": [2], "age_id": [other]}
        return {name: np.array(value, np.int32) for name, value in ids.items()} | {"price": np.array([1.5], np.float32)}

    by_hand = (
        ((1007, "🔑", "08"), (3, 3, 10)),  # the second key, the last key
        ((1000, " ", "8"), (2, 4, 1)),  # a key that is a blank; "8" is not "08"
        ((999, "🔑 ", "x" * 5000), (1, 1, 1)),  # unknown
        ((LOWEST_INT64, "", ""), (0, 0, 0)),  # padding
    )
    for keys, ids in by_hand:
        np.testing.assert_allclose(scores(raw[0], feeds(*keys)), scores(exported[0], encoded(*ids)), atol=1e-6)


def test_swapped_keys_give_other_scores_and_are_named(copy, tiny_small):
    def swap(attributes):
        keys = attributes["keys_int64s"].ints
        keys[1], keys[2] = keys[2], keys[1]

    edit(copy, swap)
    with pytest.raises(VerificationError, match="case 'typical'") as caught:
        verify(tiny_small, copy, vocabularies=VOCABULARIES)
    assert "'item_id/LabelEncoder' has keys_int64s[1] 1007 instead of 1000" in caught.value.message
    assert "export the run again" in caught.value.hint


def forget(attributes):
    attributes["keys_int64s"].ints[-1] = 4


def add(attributes):
    attributes["keys_int64s"].ints.append(4)
    attributes["values_int64s"].ints.append(7)


def default(attributes):
    attributes["default_int64"].i = 2


@pytest.mark.parametrize(
    ("change", "says"),
    [(forget, "does not give key 1336 the id 50"), (add, "1 keys more, such as 4"), (default, "default")],
    ids=["another_key", "one_more", "default"],
)
def test_keys_that_no_case_reads_are_compared_too(copy, tiny_small, change, says):
    edit(copy, change)
    verifier = Verifier(tiny_small, vocabularies=VOCABULARIES)
    lines = changed_keys(ir.load(copy), tiny_small.inputs, verifier.keys)
    assert [line.split("'")[1] for line in lines] == ["hist_item_id", "item_id"]
    assert says in lines[0]
    verifier.cases = verifier.cases[:0]  # the scores alone would not tell
    with pytest.raises(VerificationError, match=r"model\.onnx has other vocabularies"):
        verifier.verify(copy)


def test_vocabularies_of_another_run_are_refused(copy, tiny_small):
    other = {**VOCABULARIES, "item": VOCABULARIES["item"][::-1]}
    with pytest.raises(VerificationError, match="case 'typical'"):
        verify(tiny_small, copy, vocabularies=other)
    words = {**VOCABULARIES, "item": [f"i{key}" for key in VOCABULARIES["item"]]}
    with pytest.raises(VerificationError, match="input 'item_id' has dtype int64 instead of string"):
        verify(tiny_small, copy, vocabularies=words)


def test_file_of_raw_ids_needs_the_vocabularies(copy, tiny_small):
    with pytest.raises(ExportError, match="id space 'item' of input 'hist_item_id' has no vocabulary"):
        verify(tiny_small, copy)


def test_export_without_vocabularies_leaves_nothing_behind(tiny_small, tmp_path):
    with pytest.raises(ExportError, match="has no vocabulary, and raw ids need one"):
        export(tiny_small, tmp_path / "bundle", ids="raw")
    assert list(tmp_path.iterdir()) == []


def test_setting_asks_for_raw_ids_too(tiny_small, tmp_path):
    asked = type(tiny_small)(**{**vars(tiny_small), "selection": tiny_small.selection.with_export("test", ids="raw")})
    assert export(asked, tmp_path / "raw", vocabularies=VOCABULARIES).ids == "raw"


def test_weights_outside_the_file_go_with_vocabularies_inside(tiny_small, tmp_path):
    verifier = Verifier(tiny_small, vocabularies=VOCABULARIES)
    model, _ = assemble(tiny_small, keys=verifier.keys)
    write_model(model, tmp_path / "model.onnx", limit=_GRAPH_RESERVE)
    assert (tmp_path / "model.onnx.data").is_file()
    assert verifier.verify(tmp_path / "model.onnx").ids == "raw"


def test_other_domains_are_still_refused(tiny_small):
    model, _ = assemble(tiny_small, keys=Verifier(tiny_small, vocabularies=VOCABULARIES).keys)
    check_rules(model)
    del model.metadata_props["bstkit.ids"]
    with pytest.raises(ExportError, match=r"ai\.onnx\.ml\.LabelEncoder is not an ai\.onnx operation"):
        check_rules(model)
    model.metadata_props["bstkit.ids"] = "raw"
    next(iter(model.graph)).op_type = "Scaler"
    with pytest.raises(ExportError, match=r"ai\.onnx\.ml\.Scaler"):
        check_rules(model)


def sessions_and_tags():
    """A history that is cut into sessions, and a multi-valued column with weights, at opset 17."""
    table = features(dim=4, max_length=6)
    hist = table.history["hist"].model_copy(update={"session_gap_s": 60.0, "max_sessions": 2, "session_length": 3})
    tags = History(source="row", fields={"tags": "cate"}, max_length=3, weight="tag_weights")
    context = {"user_id": ContextId(space="user"), "age_id": ContextId(space="age")}
    table = table.model_copy(update={"history": {"hist": hist, "tags": tags}, "context": context})
    session = Stack(pooling=(Use(key="pooling.mean", path="session.pooling"),))
    pooling = (Use(key="pooling.sum", path="branch.tags.pooling"),)
    weighted = (Use(key="encoder.weighted", path="branch.tags.encoder"),)
    selection = bst_small("mean", "identity", opset=17)
    return compose(
        selection.model_copy(
            update={"session": session, "branches": {"tags": Stack(encoder=weighted, pooling=pooling)}}
        ),
        table,
    )


def test_sessions_and_multi_valued_columns_take_raw_ids(tmp_path):
    composed = randomise(sessions_and_tags())
    assert {len(spec.dims) for spec in composed.inputs if spec.space} == {1, 2, 3}
    report = export(composed, tmp_path / "bundle", ids="raw", vocabularies=VOCABULARIES)
    assert report.id_dtypes["hist_item_id"] == "int64"
    assert report.id_dtypes["tags_tags"] == "string"
    assert (report.opset, report.lowest_onnxruntime) == (17, "1.12")
    feeds = make_cases(composed)[0].feeds
    assert feeds["hist_item_id"].ndim == 3


def test_input_that_no_layer_reads_gets_its_dtype_and_no_vocabulary(tiny_small):
    keys = Verifier(tiny_small, vocabularies=VOCABULARIES).keys
    unread = [*tiny_small.inputs, InputSpec("free", "int32", ("batch",), "context_id", "free", "age")]
    model, _ = assemble(tiny_small)
    state_contract(model, unread, ("ctr", "ctr_logit"), {})
    put_vocabularies(model, unread, keys)
    assert model.graph.inputs[-1].dtype == ir.DataType.STRING
    assert "free/LabelEncoder" not in {node.name for node in model.graph}
