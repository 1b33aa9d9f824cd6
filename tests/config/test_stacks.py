"""Sessions, inner branches and branches of registry.toml: resolved, overridden, refused."""

import pytest

from bstkit.config.selection import Stack
from bstkit.config.selection_file import selection_from_toml, selection_to_toml
from bstkit.errors import ConfigError

MINE = """
[recipe.mine]
candidate = "apart"
length = "fixed"
session = { position = "session_bias", encoder = ["identity", "transformer"], pooling = "mean" }
pooling = ["attention", { encoder = "gru", pooling = { use = "attention", units = [8] } }]
head = "mlp"
[recipe.mine.branch.tags]
encoder = "weighted"
pooling = "sum"
"""


def paths(selection):
    return {use.path: use.key for use in selection.uses}


def parameters(selection, path):
    return next(use.parameters for use in selection.uses if use.path == path)


def test_every_component_has_a_path_of_its_own(resolve):
    selection = resolve("mine", here=MINE)
    assert paths(selection) == {
        "session.position": "position.session_bias",
        "session.encoder.0": "encoder.identity",
        "session.encoder.1": "encoder.transformer",
        "session.pooling": "pooling.mean",
        "pooling.0": "pooling.attention",
        "pooling.1.encoder": "encoder.gru",
        "pooling.1.pooling": "pooling.attention",
        "branch.tags.encoder": "encoder.weighted",
        "branch.tags.pooling": "pooling.sum",
        "head": "head.mlp",
    }
    assert (selection.length, selection.candidate) == ("fixed", "apart")
    assert parameters(selection, "session.encoder.1") == {"num_heads": 4}
    assert parameters(selection, "pooling.1.pooling") == {"weight_normalization": True, "units": [8]}
    for path in (*paths(selection), "session", "length"):
        assert selection.origins[path] == "./registry.toml"


def test_a_selection_with_stacks_is_read_back(resolve):
    selection = resolve("mine", here=MINE)
    again = selection_from_toml(selection_to_toml(selection))
    assert again == selection
    assert isinstance(again.pooling[1], Stack)


SETTINGS = {
    "session": ("session.encoder.1.num_heads=2", "session.encoder.1", "num_heads", 2),
    "inner": ("pooling.1.encoder.units=16", "pooling.1.encoder", "units", 16),
    "inner_of_one": ("pooling.1.pooling.0.units=[4]", "pooling.1.pooling", "units", [4]),
    "branch": ("branch.tags.encoder.weight_normalization=true", "branch.tags.encoder", "weight_normalization", True),
}


@pytest.mark.parametrize(("setting", "path", "name", "value"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_reaches_a_component_inside(resolve, setting, path, name, value):
    selection = resolve("mine", here=MINE, settings=[setting])
    assert parameters(selection, path)[name] == value
    assert selection.origins[f"{path}.{name}"] == "--set"


def test_a_setting_fills_a_slot_of_a_branch(resolve):
    selection = resolve("mine", here=MINE, settings=["branch.tags.pooling=max", "branch.buys.pooling=last"])
    assert paths(selection)["branch.tags.pooling"] == "pooling.max"
    assert paths(selection)["branch.tags.encoder"] == "encoder.weighted"
    assert paths(selection)["branch.buys.pooling"] == "pooling.last"
    assert selection.origins["branch.tags.pooling"] == "--set"


def test_model_replaces_slots_of_a_recipes_branch_one_by_one(resolve):
    selection = resolve("mine", here=MINE + '[model.branch.tags]\nencoder = ""\n')
    assert selection.branches["tags"].encoder == ()
    assert paths(selection)["branch.tags.pooling"] == "pooling.sum"


def test_flags_and_environment_choose_session_and_length(resolve):
    chosen = resolve("mine", here=MINE, slots={"session": '{ pooling = "last" }'}, environ={"BSTKIT_LENGTH": "free"})
    assert paths(chosen)["session.pooling"] == "pooling.last"
    assert chosen.origins["session"] == "--session"
    assert chosen.length == "free"
    assert resolve("mine", here=MINE, slots={"session": ""}).session is None


WRONG = {
    "session_name": ('session = "mean"', "recipe.mine.session: must be a table of slots", ""),
    "session_key": ('session = { encodr = "gru", pooling = "mean" }', "unknown key 'encodr'", "'encoder'"),
    "session_without_pooling": ('session = { encoder = "gru" }', "a table of slots needs pooling", ""),
    "session_head": ('session = { head = "mlp", pooling = "mean" }', "unknown key 'head' in a table of slots", ""),
    "inner_without_pooling": ('pooling = [{ encoder = "gru" }]', "recipe.mine.pooling: a table of slots needs", ""),
    "inner_name": ('pooling = [{ pooling = "meen" }]', "recipe.mine.pooling.0.pooling: no pooling named", "'mean'"),
    "inner_kind": ('pooling = [{ pooling = "head.mlp" }]', "the pooling slot takes pooling, not head.mlp", ""),
    "inner_type": ('pooling = [{ encoder = 3, pooling = "mean" }]', "must be a component's name", ""),
    "branch_key": ('branch.tags = { pooling = "mean", head = "mlp" }', "recipe.mine.branch.tags.head: unknown", ""),
    "branch_without_pooling": ('branch.tags = { encoder = "gru" }', "a model needs this slot", "branch.tags.pooling"),
    "branch_name": ('branch.tags = { pooling = "meen" }', "branch.tags.pooling: no pooling named 'meen'", "'mean'"),
    "length": ('length = "fixd"', "recipe.mine.length: must be 'free' or 'fixed'", "'fixed'"),
}


@pytest.mark.parametrize(("text", "message", "hint"), WRONG.values(), ids=WRONG)
def test_a_wrong_stack_names_its_place(refused, text, message, hint):
    pooling = "" if text.startswith("pooling") else 'pooling = "sum"\n'
    error = refused("mine", here=f'[recipe.mine]\nhead = "mlp"\n{pooling}{text}\n')
    assert isinstance(error, ConfigError)
    assert message in error.message
    assert hint in f"{error.message} {error.hint}"
    assert "problems in the configuration" not in error.message


LOST = {
    "no_session": ("session.encoder.num_heads=2", "no component stands at session.encoder", "encoder"),
    "no_branch": ("branch.tags.pooling.k=2", "no component stands at branch.tags.pooling", "pooling"),
    "inner_of_none": ("pooling.0.encoder.units=2", "no component stands at pooling.0.encoder", "pooling"),
    "form": ("branch.tags=mean", "branch.tags: no such setting", ""),
    "head_of_a_branch": ("branch.tags.head.units=[2]", "branch.tags.head.units: no such setting", ""),
}


@pytest.mark.parametrize(("setting", "message", "hint"), LOST.values(), ids=LOST)
def test_a_setting_that_meets_nothing_says_so(refused, setting, message, hint):
    error = refused(settings=[setting])
    assert message in error.message
    assert hint in error.hint
