"""How many nodes the recipes may have, and what they are for: a graph stays readable as long as this holds."""

from collections import Counter

import pytest

from bstkit.compose import compose, with_rows
from bstkit.config.resolve import load_selection
from bstkit.export.assemble import assemble
from tests.export.graphs import operations
from tests.models import features

PURPOSES = {
    "ids": ("row_ids", "hist_item_id_rule", "hist_cate_id_rule"),
    "most recent steps": ("hist_given", "hist_sessions", "hist_recent", "hist_item_id_", "hist_cate_id_", "hist_kept"),
    "embeddings": ("item_embedding", "cate_embedding", "user_embedding", "gender_embedding", "age_embedding"),
    "joins and masks": ("mask", "sequence", "session_sequence", "target", "session_numbers", "step", "session_step"),
    "position": ("position", "session_position"),
    "encoder": ("encoder", "session_encoder", "session_pooling", "pooling_1_encoder"),
    "pooling": ("pooling",),
    "head": ("head", "context", "ctr"),
}
"""What nodes are for -> how their names begin."""

BUDGETS = {
    "bst": (120, 6),
    "din": (70, 1),
    "bst_small": (107, 2),
    "bst_deepctr": (113, 2),
    "dien": (124, 5),
    "dsin": (214, 16),
}
"""Recipe -> most nodes, most Casts."""

BLOCK = 32
"""Most nodes of a transformer block."""


def assembled(recipe, folder, *settings):
    """The ONNX model of a packaged recipe on the seed model's seven inputs."""
    selection = load_selection(recipe, settings=list(settings), environ={}, working_folder=folder)
    history = {"negatives": "uniform"} if recipe == "dien" else {}
    if recipe == "dsin":
        history = {"mask": "all", "session_gap_s": 1800.0, "max_sessions": 5, "session_length": 10}
    table = features(dim=16, max_length=50, **history)
    if selection.rows:
        table = with_rows(table, selection.rows)
    model, _ = assemble(compose(selection, table))
    return model


def purposes(model):
    """Purpose -> number of nodes."""
    found = Counter()
    for node in model.graph:
        layer = (node.name or "").partition("/")[0]
        beginnings = [
            (len(start), purpose) for purpose, all_ in PURPOSES.items() for start in all_ if layer.startswith(start)
        ]
        found[max(beginnings, default=(0, "other"))[1]] += 1
    return found


@pytest.mark.parametrize("recipe", BUDGETS)
def test_recipe_keeps_its_budget(recipe, tmp_path):
    model = assembled(recipe, tmp_path)
    nodes, casts = BUDGETS[recipe]
    found = operations(model)
    listed = purposes(model)
    assert not listed["other"], [node.name for node in model.graph]
    assert sum(found.values()) <= nodes, listed
    assert found["Cast"] <= casts, [node.name for node in model.graph if node.op_type == "Cast"]


@pytest.mark.parametrize("recipe", ["bst", "bst_small"], ids=["fixed length", "free length"])
def test_transformer_block_keeps_its_budget(recipe, tmp_path):
    one, two = (
        sum(operations(assembled(recipe, tmp_path, f"encoder.num_blocks={number}")).values()) for number in (1, 2)
    )
    assert two - one <= BLOCK
