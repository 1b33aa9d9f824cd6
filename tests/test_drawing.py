"""The drawing of a composition."""

import pytest

from bstkit.compose import compose
from bstkit.config.features import ContextNumeric
from bstkit.drawing import Drawn, draw, tree
from tests.models import features, selection
from tests.test_branches import DIEN, TAGS, dsin, plain, table


def drawn(composed):
    return list(zip(tree(draw(composed)), draw(composed), strict=True))


def line(composed, name):
    """The one line whose tree ends so."""
    found = [line for text, line in drawn(composed) if text.endswith(name)]
    assert len(found) == 1, found
    return found[0]


def test_tree_connects_each_line_with_the_next_of_its_depth():
    lines = [Drawn(name, depth) for name, depth in (("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 1), ("f", 0))]
    assert list(tree(lines)) == ["a", "├─ b", "│  └─ c", "│     └─ d", "└─ e", "f"]


@pytest.fixture(scope="module")
def composed():
    return compose(dsin(), table(tags=TAGS))


def test_a_nested_composition_is_drawn_in_the_order_of_its_calls(composed):
    names = [text for text, _ in drawn(composed)]
    start = names.index("sequences")
    assert names[start : names.index("head")] == [
        "sequences",
        "├─ hist",
        "│  ├─ each session",
        "│  │  ├─ position.session_bias",
        "│  │  ├─ encoder.deepctr_transformer",
        "│  │  └─ pooling.sum",
        "│  ├─ pooling.attention",
        "│  └─ inner branch",
        "│     ├─ encoder.bilstm",
        "│     └─ pooling.attention",
        "└─ tags",
        "   └─ pooling.mean",
    ]


def test_tensors_have_names_and_shapes(composed):
    bias = line(composed, "position.session_bias")
    assert bias.reads == "sequence, mask, step, session"
    assert bias.makes == "sequence (batch x sessions, time, 16)"
    assert line(composed, "encoder.bilstm").makes == "sequence (batch, time, 16)"
    assert line(composed, "─ hist_item_id").makes == "int32 (batch, hist_sessions, hist_len)"
    assert line(composed, "─ tags_weight").makes == "float32 (batch, tags_len)"
    head = line(composed, "head.mlp")
    assert (head.reads, head.makes) == ("pooled, context, target", "ctr_logit (batch, 1)")
    assert line(composed, "─ pooled").reads == "hist, tags"
    assert line(composed, "─ pooled").makes == "pooled (batch, 40)"


def test_parameters_add_up_to_those_of_the_model(composed):
    price = ContextNumeric(numeric="standardise", mean=3.0, std=2.0)
    age = ContextNumeric(numeric="bucket", edges=(18.0, 30.0), dim=4)
    numeric = compose(selection(), features(context={"price": price, "age": age}))
    for one in (composed, numeric):
        assert sum(line.parameters or 0 for line in draw(one)) == one.serving.count_params()


def test_a_table_names_every_input_that_reads_it(composed):
    cate = line(composed, "─ cate")
    assert cate.reads == "hist_cate_id, tags_tag, cate_id"
    assert cate.makes == "14 x 8"


def test_settings_stand_beside_their_component():
    composed = compose(selection(), features())
    assert line(composed, "encoder.transformer").note == "num_heads=2, ffn_dim=16"
    assert line(composed, "─ hist").note == "the 6 most recent steps, then the candidate"


def test_an_objective_is_marked():
    composed = compose(plain(encoder=DIEN), table())
    assert line(composed, "objective.next_step (training only)").makes == "loss"
    assert line(composed, "hist_negative_item_id").note == "training only"


def test_fixed_lengths_are_numbers():
    fixed = compose(selection(pooling="flatten"), features())
    assert line(fixed, "encoder.transformer").makes == "sequence (batch, 7, 16)"
