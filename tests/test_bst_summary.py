"""Recipe `bst` is the model of bst_model_summary.txt: every layer's output shape and parameters, and the total.

The summary's rows stand here as data. It feeds one value a row as `(None, 1)` where we feed `(None,)`, so dimensions of
size 1 are left out of the comparison.
"""

import pytest

from bstkit.compose import compose, with_rows
from bstkit.config.resolve import load_selection
from bstkit.describe import layer_rows, summary
from tests.models import features

# name in the summary, output shape, parameters, our layer
SUMMARY = [
    ("concatenate_92", (None, 51), 0, "hist_item_id_steps"),
    (
        "item_id_embedding",
        (None, 51, 64),
        320064,
        "item_embedding",
    ),  # one call on the joined ids here
    ("cate_id_embedding", (None, 51, 64), 13696, "cate_embedding"),
    ("tf_op_layer_Equal_3", (None, 51), 0, "mask"),
    ("concatenate_94", (None, 51, 64), 0, "item_embedding"),
    ("concatenate_95", (None, 51, 64), 0, "cate_embedding"),
    ("user_id_input_layer", (None, 1), 0, "user_id"),
    ("gender_input_layer", (None, 1), 0, "gender"),
    ("age_input_layer", (None, 1), 0, "age"),
    ("item_input_layer", (None, 1), 0, "item_id"),
    ("cate_input_layer", (None, 1), 0, "cate_id"),
    ("concatenate_96", (None, 51, 128), 0, "sequence"),
    ("user_id_embedding_layer", (None, 1, 64), 19264, "user_embedding"),
    ("gender_embedding_layer", (None, 1, 64), 192, "gender_embedding"),
    ("age_embedding_layer", (None, 1, 64), 704, "age_embedding"),
    ("encoder_21", (None, 51, 128), 659712, "encoder_transformer"),
    ("concatenate_93", (None, 1, 192), 0, "context"),
    ("tf_op_layer_Reshape_15", (None, 6528), 0, "pooling_flatten"),
    ("tf_op_layer_Reshape_14", (None, 192), 0, "context"),
    ("FC_1", (None, 2056), 13818376, "dense_1"),
    ("dropout_1", (None, 2056), 0, "dropout_1"),
    ("FC_2", (None, 512), 1053184, "dense_2"),
    ("dropout_2", (None, 512), 0, "dropout_2"),
    ("FC_3", (None, 32), 16416, "dense_3"),
    ("dropout_3", (None, 32), 0, "dropout_3"),
    ("Sigmoid_output_layer", (None, 1), 33, "ctr_logit"),
]


@pytest.fixture(scope="module")
def bst(tmp_path_factory):
    selection = load_selection("bst", working_folder=tmp_path_factory.mktemp("empty"), environ={})
    return compose(selection, with_rows(features(dim=64, max_length=50), selection.rows))


@pytest.fixture(scope="module")
def rows(bst):
    found = {}
    for row in layer_rows(bst):
        found.setdefault(row.name, row)  # the head's own `ctr_logit` comes before the output of that name
    return found


def without_ones(shape):
    return tuple(size for size in shape if size != 1)


@pytest.mark.parametrize(("theirs", "shape", "parameters", "ours"), SUMMARY, ids=[row[0] for row in SUMMARY])
def test_layer_has_the_shape_and_parameters_of_the_summary(rows, theirs, shape, parameters, ours):
    assert without_ones(rows[ours].output_shape) == without_ones(shape)
    if not theirs.startswith(("concatenate", "tf_op")):
        assert rows[ours].parameters == parameters


def test_total_is_that_of_the_summary(bst):
    facts = summary(bst)
    assert facts["parameters"] == facts["trainable_parameters"] == 15_901_641


def test_history_of_any_length_becomes_fifty_steps(rows):
    assert rows["hist_item_id"].output_shape == (None, None)
    assert rows["hist_item_id_kept"].output_shape == (None, 50)
