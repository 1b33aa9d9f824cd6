"""`verify --by-layer` names the layer of a file that differs first."""

import onnx_ir as ir
import pytest

from bstkit.errors import VerificationError
from bstkit.export import verify
from bstkit.export.cases import make_cases
from bstkit.export.checks import read_model
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.write import write_model


def change_weight(model):
    value = model.graph.initializers["encoder_transformer/block_1/ffn_hidden/kernel"]
    array = value.const_value.numpy().copy()
    array[0] += 1.0
    value.const_value = ir.Tensor(array, name=value.name)


def drop_mask(model):
    node = next(node for node in model.graph if node.op_type == "Where" and "/attention/" in node.name)
    assert node.inputs[1].producer() is None  # Where(mask, 0, fill), which is added to the scores
    node.replace_input_with(2, node.inputs[1])


def change_epsilon(model):
    node = next(node for node in model.graph if node.name.startswith("encoder_transformer/block_1/attention_norm/"))
    node.attributes["epsilon"] = ir.AttrFloat32("epsilon", 0.5)


PLANTED = {
    "wrong_weight": (change_weight, "encoder_transformer/block_1/ffn_hidden"),
    "dropped_mask": (drop_mask, "encoder_transformer/block_1/attention/output"),  # the first to read the weights
    "wrong_epsilon": (change_epsilon, "encoder_transformer/block_1/attention_norm"),
}


@pytest.fixture(params=PLANTED.values(), ids=PLANTED)
def planted(request, exported, tmp_path):
    change, layer = request.param
    model = read_model(exported[0] / "model.onnx")
    change(model)
    path = tmp_path / "model.onnx"
    write_model(model, path)
    return path, layer


def test_the_first_layer_that_differs_is_named(tiny_small, planted):
    path, layer = planted
    with pytest.raises(VerificationError) as caught:
        verify(tiny_small, path, by_layer=True)
    lines = [line.split() for line in caught.value.message.splitlines()]
    assert next(line[-1] for line in lines if line[:1] == ["differs"]) == layer
    before = [line[-1] for line in lines if line[:1] == ["equal"]]
    assert {"item_embedding", "position_sinusoidal", "encoder_transformer/block_1/attention/query"} <= set(before)
    assert "the file is not what this model exports:" in caught.value.message


def test_an_undamaged_file_has_equal_layers_from_the_tables_to_the_head(tiny_small, exported):
    lines = compare_file_layers(tiny_small, exported[0] / "model.onnx", make_cases(tiny_small)[0].feeds)
    assert not any(line.differs for line in lines)
    names = [line.layer for line in lines]
    assert len(names) == len(set(names))
    block = "encoder_transformer/block_1"
    wanted = ["item_embedding", "sequence", f"{block}/ffn_norm", "head_mlp/hidden/dense_1"]
    assert [name for name in names if name in wanted] == wanted
