"""Damage an exported file in one place, and see it refused, with the case named."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from bstkit.errors import RunError, VerificationError
from bstkit.export import verification, verify
from bstkit.export.damage import find_damage
from bstkit.export.verification import Verifier


@pytest.fixture(scope="module")
def verifier(tiny_small):
    """One for all damages, so that TensorFlow scores each case once."""
    return Verifier(tiny_small)


def edit(path, change):
    """Apply `change(graph)` to a file; nodes and initializers by name."""
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, path)


def node(graph, suffix):
    [found] = [node for node in graph.node if node.name.endswith(suffix)]
    return found


def change_weight(graph, value, name="head_mlp/ctr_logit/kernel"):
    [tensor] = [tensor for tensor in graph.initializer if tensor.name == name]
    array = onnx.numpy_helper.to_array(tensor).copy()
    array[0, 0] = value
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))


def change_epsilon(graph):
    [epsilon] = [a for a in node(graph, "block_1/ffn_norm/LayerNormalization").attribute if a.name == "epsilon"]
    epsilon.f = 0.1


def change_mask(graph):
    node(graph, "hist_kept_mask/Greater").op_type = "GreaterOrEqual"


DAMAGES = {
    "a weight": (lambda graph: change_weight(graph, 3.0), "'head_mlp/ctr_logit/kernel' is 3 at [0, 0] instead of"),
    "an epsilon": (change_epsilon, "block_1/ffn_norm/LayerNormalization' has epsilon 0.1"),
    "the mask's comparison": (change_mask, "hist_kept_mask/Greater' is GreaterOrEqual instead of Greater"),
    "one NaN": (lambda graph: change_weight(graph, np.nan), "NaN or Inf in ONNX Runtime at row"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_graph_is_refused_with_the_case_named(verifier, damaged, change, message):
    edit(damaged, change)
    with pytest.raises(VerificationError, match="case 'typical'") as caught:
        verifier.verify(damaged)
    assert message in caught.value.message
    assert "output 'ctr_logit'" in caught.value.message
    assert "export the run again" in caught.value.hint
    assert caught.value.exit_code == 1


def test_long_attribute_is_told_by_its_first_difference():
    model, fresh = (
        ir.Model(ir.Graph([], [], nodes=[ir.node("LabelEncoder", [], {"keys": keys}, name="item")]), ir_version=8)
        for keys in (list("abcdefghijXl"), list("abcdefghijkl"))
    )
    assert find_damage(model, fresh) == ["node 'item' has keys[10] 'X' instead of 'k'"]
    assert find_damage(fresh, fresh) == []


def test_undamaged_copy_passes(verifier, damaged):
    assert verifier.verify(damaged).cases[0] == "typical"


def test_nan_in_a_row_that_one_case_reads_names_that_case(verifier, damaged):
    edit(damaged, lambda graph: change_row(graph, "item_embedding/embeddings", 50))
    with pytest.raises(VerificationError, match="case 'max_id'"):
        verifier.verify(damaged)


def change_row(graph, name, row):
    [tensor] = [tensor for tensor in graph.initializer if tensor.name == name]
    array = onnx.numpy_helper.to_array(tensor).copy()
    array[row] = np.nan
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))


def rename_output(graph):
    node(graph, "activation_2/Relu")  # the graph is the expected one
    for found in graph.node:
        found.output[:] = ["click" if name == "ctr" else name for name in found.output]
    graph.output[[value.name for value in graph.output].index("ctr")].name = "click"


def rename_input(graph):
    for found in graph.node:
        found.input[:] = ["item" if name == "item_id" else name for name in found.input]
    graph.input[[value.name for value in graph.input].index("item_id")].name = "item"


def fix_batch(graph):
    graph.output[0].type.tensor_type.shape.dim[0].ClearField("dim_param")


INTERFACES = {
    "an output's name": (rename_output, ["output 'ctr' is missing", "output 'click' is not of this model"]),
    "an input's name": (rename_input, ["input 'item_id' is missing", "input 'item' is not of this model"]),
    "a dimension": (fix_batch, ["has dimensions [None, 1] instead of ['batch', 1]"]),
}


@pytest.mark.parametrize(("change", "lines"), INTERFACES.values(), ids=INTERFACES)
def test_changed_interface_is_refused_before_any_number(verifier, damaged, change, lines):
    edit(damaged, change)
    with pytest.raises(VerificationError) as caught:
        verifier.verify(damaged)
    assert all(line in caught.value.message for line in lines)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_truncated_file_is_refused(verifier, damaged, share):
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(VerificationError, match=str(damaged.name)):
        verifier.verify(damaged)


def test_missing_file_could_not_run(tiny_small, tmp_path):
    with pytest.raises(RunError, match="cannot be read") as caught:
        verify(tiny_small, tmp_path / "model.onnx")
    assert caught.value.exit_code == 2


def test_other_weights_in_keras_are_told_by_name(tiny_small, exported):
    bias = next(v for v in tiny_small.serving.variables if v.path == "head_mlp/hidden/dense_2/bias")
    before = bias.numpy()
    bias.assign(before + 1)
    try:
        with pytest.raises(VerificationError, match="'head_mlp/hidden/dense_2/bias' is"):
            verify(tiny_small, exported[0] / "model.onnx")
    finally:
        bias.assign(before)


def test_no_score_keeps_the_memory_of_its_session(verifier, exported, monkeypatch):
    kept = []
    monkeypatch.setattr(verification, "by_output", lambda compared, _: kept.extend(one.scores for one in compared))
    verifier.verify(exported[0] / "model.onnx")
    assert kept
    assert all(scores.flags.owndata for scores in kept)
