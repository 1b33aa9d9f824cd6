"""Everything wrong with a selection is reported in one run, with its place and the nearest right name."""

import pytest

from bstkit.errors import ComponentError, ConfigError
from tests.plugin_packages import built_in


def test_one_run_reports_every_problem_of_every_layer(refused):
    here = """
        [model]
        pooling = "meen"
        [trian]
        epochs = 3
        [train]
        epoch = 3
        batch_size = "many"
        [encoder.transfomer]
        num_heads = 4
        [recipe.mine]
        poolin = "mean"
        head = 3
    """
    error = refused(
        here=here,
        environ={"BSTKIT_HEAD": "mpl"},
        slots={"encoder": "transfomer"},
        settings=["train.patience=0", "epochs=3"],
    )
    assert isinstance(error, ConfigError)
    lines = error.message.splitlines()
    assert lines[0] == "11 problems in the configuration"
    assert sorted(lines[1:]) == sorted(
        [
            "./registry.toml: trian: unknown table; did you mean 'train'?",
            "./registry.toml: train.epoch: unknown key; did you mean 'epochs'?",
            "./registry.toml: train.batch_size: must be a valid integer; received 'many'",
            "./registry.toml: encoder.transfomer: no encoder named 'transfomer'; did you mean 'transformer'?",
            "./registry.toml: recipe.mine.poolin: unknown key; did you mean 'pooling'?",
            "./registry.toml: recipe.mine.head: must be a component's name, or { use = name, ... }; received 3",
            "./registry.toml: model.pooling: no pooling named 'meen'; did you mean 'mean'? "
            f"`bstkit list pooling` shows all {built_in('pooling')}",
            "environment BSTKIT_HEAD: no head named 'mpl'; did you mean 'mlp'? `bstkit list head` shows all "
            f"{built_in('head')}",
            "--encoder: no encoder named 'transfomer'; did you mean 'transformer'? `bstkit list encoder` shows all "
            f"{built_in('encoder')}",
            "--set: train.patience: must be greater than or equal to 1; received 0",
            "--set: epochs: no such setting; did you mean 'train.epochs'?",
        ]
    )


def test_the_only_problem_of_a_flag_reads_as_the_style_page_says(refused):
    error = refused(slots={"encoder": "transfomer"})
    assert isinstance(error, ComponentError)
    assert (error.message, error.hint) == (
        "no encoder named 'transfomer'",
        f"did you mean 'transformer'? `bstkit list encoder` shows all {built_in('encoder')}",
    )


SETTINGS = {
    "table": ("trian.epochs=3", "did you mean 'train.epochs'?"),
    "table_left_out": ("epochs=3", "did you mean 'train.epochs'?"),
    "slot": ("poling.units=[8]", "did you mean 'pooling.units'?"),
    "whole_table": ("train=3", "did you mean 'train.epochs'?"),
    "model": ("model.pooling=mean", "did you mean 'pooling'?"),
    "too_deep": ("pooling.attention.units=[8]", "did you mean 'pooling.units'?"),
    "far": ("zzz=1", "settings begin with recipe, candidate, length"),
    "no_value": ("train.epochs", "path=value"),
    "broken_list": ("pooling.units=[8", "[8 is not valid TOML"),
    "key": ("train.epoch=1", "did you mean 'epochs'?"),
    "type": ("train.epochs=many", "must be a valid integer; received 'many'"),
    "literal": ("candidate=apend", "did you mean 'append'?"),
    "opset": ("export.opset=19", "must be 17 or 18; received 19"),
    "inner_key": ("export.logit.attol=1", "did you mean 'atol'?"),
    "slot_type": ("pooling=3", "must be a component's name"),
    "empty_slot": ("position.scale=none", "the position slot is empty"),
}


@pytest.mark.parametrize(("setting", "expected"), SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_setting_names_the_nearest_right_one(refused, setting, expected):
    slots = {"position": ""} if "position" in setting else {}
    error = refused(settings=[setting], slots=slots)
    assert isinstance(error, ConfigError)
    assert error.message.startswith("--set: ")
    assert expected in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    ("setting", "hint"),
    [("encoder.num_heads=2", "'encoder.0.num_heads'"), ("encoder.5.num_heads=2", "'encoder.1.num_heads'")],
    ids=["no_index", "wrong_index"],
)
def test_a_setting_for_a_list_needs_an_index_inside_it(refused, setting, hint):
    error = refused(slots={"encoder": '["identity", "transformer"]'}, settings=[setting])
    assert "the encoder slot holds 2 components" in error.message
    assert hint in error.hint


FILES = {
    "unknown_kind_table": ("[encodr.transformer]\nnum_heads = 1", "encodr: unknown table", "'encoder'"),
    "prefer_at_the_top": ('disabel = ["x"]', "disabel: unknown key", ""),
    "schema": ("schema = 2", "schema: must be 1; received 2", ""),
    "list_in_single_slot": ('[model]\nhead = ["mlp"]', "model.head: takes one component, not a list", ""),
    "slot_without_use": ("[model]\nhead = { units = [3] }", "model.head: a table in a slot needs use", ""),
    "nested_list": ('[model]\nencoder = [["identity"]]', "model.encoder: a list of components holds no further", ""),
    "table_expected": ("train = 3", "train: must be", ""),
    "parameters_expected": ("[encoder]\ntransformer = 3", "encoder.transformer: must be a table; received 3", ""),
    "rows": ("[recipe.bst.features]\nage = 2", "recipe.bst.features.age: must be greater than or equal to 3", ""),
    "prefer_key": (
        '[plugins]\nprefer = { encoder = "x" }',
        "plugins.prefer.encoder: must be of the form kind.name",
        "",
    ),
    "prefer_kind": ('[plugins]\nprefer = { "encodr.x" = "x" }', "no kind named 'encodr', did you mean 'encoder'?", ""),
    "component_target": ('[components]\n"encoder.x" = "mine"', "must be 'file:Class'; received 'mine'", ""),
    "component_file": (
        '[components]\n"encoder.x" = "gone:Mine"\n[model]\nencoder = "x"',
        'components."encoder.x": there is no file',
        "",
    ),
    "recipe": ('[model]\nrecipe = "bts"', "model.recipe: no recipe named 'bts'", "did you mean 'bst'?"),
    "wrong_kind": ('[model]\nhead = "pooling.mean"', "model.head: the head slot takes head, not pooling.mean", ""),
    "empty_pooling": ('[model]\npooling = ""', "model.pooling: a model needs this slot", "choose one with --pooling"),
}


@pytest.mark.parametrize(("text", "message", "hint"), FILES.values(), ids=FILES)
def test_a_wrong_file_names_its_place(refused, text, message, hint):
    error = refused(here=text)
    assert isinstance(error, ConfigError)
    assert message in error.message
    assert hint in error.hint
    assert "problems in the configuration" not in error.message
    assert "registry.toml: " in error.message


UNREADABLE = {
    "syntax": (b"[train\n", "is not valid TOML: "),
    "encoding": (b'[model]\nrecipe = "\xff"\n', "is not UTF-8: byte 18 is wrong"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_file_is_one_clear_error(refused, tmp_path, content, message):
    (tmp_path / "registry.toml").write_bytes(content)
    error = refused()
    assert error.message.startswith("./registry.toml ")
    assert message in error.message


def test_a_directory_in_place_of_a_file_is_one_clear_error(refused, tmp_path):
    (tmp_path / "registry.toml").mkdir()
    assert refused().message == "./registry.toml is a directory, not a file"


def test_a_default_for_a_plugin_that_did_not_load_is_no_problem(resolve, packages):
    packages.add_absent("bstkit-tcn")
    resolve(here="[encoder.tcn]\nunits = 3\n")


def test_an_unknown_slot_from_python_names_the_nearest(refused):
    error = refused(slots={"encodr": "identity"})
    assert (error.message, error.hint) == ("--encodr: no slot named 'encodr'", "did you mean 'encoder'?")
