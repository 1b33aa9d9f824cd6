"""A selection is the packaged file under the working folder's, --registry, environment and flags."""

import pytest

from bstkit.errors import ComponentError, ConfigError
from tests.plugin_packages import component


def parameters(selection):
    return {use.path: use.parameters for use in selection.uses}


def test_default_is_the_small_recipe(resolve):
    selection = resolve()
    assert selection.recipe == "bst_small"
    assert [use.key for use in selection.uses] == [
        "position.sinusoidal",
        "encoder.transformer",
        "pooling.attention",
        "head.mlp",
    ]
    assert selection.candidate == "append"
    assert set(selection.origins.values()) == {"packaged registry.toml", "default"}


def test_recipe_bst_is_the_seed_model(resolve):
    selection = resolve("bst")
    assert parameters(selection) == {
        "position": {"scale": "sequence"},
        "encoder": {"num_blocks": 2, "num_heads": 8, "ffn_dim": 1024},
        "pooling": {},
        "head": {"units": [2056, 512, 32]},
    }
    assert selection.pooling[0].key == "pooling.flatten"
    assert selection.rows == {"item_id": 5001, "cate_id": 214, "user_id": 301, "gender": 3, "age": 11}
    assert selection.origins["recipe"] == "--recipe"
    assert selection.origins["rows.age"] == "packaged registry.toml"


LAYERS = [
    ({}, "bst_small", "packaged registry.toml"),
    ({"here": 'model.recipe = "bst"'}, "bst", "./registry.toml"),
    ({"extra": 'model.recipe = "mine"'}, "mine", "extra.toml"),
    ({"environ": {"BSTKIT_RECIPE": "bst_small"}}, "bst_small", "environment BSTKIT_RECIPE"),
    ({"recipe": "bst"}, "bst", "--recipe"),
    ({"settings": ["recipe=bst_small"]}, "bst_small", "--set"),
]
MINE = '[recipe.mine]\npooling = "mean"\nhead = "mlp"\n'


@pytest.mark.parametrize("height", range(len(LAYERS)), ids=["packaged", "here", "extra", "environment", "flag", "set"])
def test_each_layer_wins_over_those_below(resolve, tmp_path, height):
    options = {}
    for layer, _, _ in LAYERS[: height + 1]:
        options |= layer
    options["here"] = MINE + options["here"].replace("model.", "[model]\n") if "here" in options else MINE
    _, recipe, origin = LAYERS[height]
    selection = resolve(**options)
    assert selection.recipe == recipe
    assert selection.origins["recipe"].removeprefix(f"{tmp_path}/") == origin


def test_parameter_precedence_is_set_then_slot_then_table_then_default(resolve):
    table = "[encoder.transformer]\nnum_heads = 1\nnum_blocks = 1\nffn_dim = 1\n"
    slot = "[model]\nencoder = { use = 'transformer', num_heads = 2, num_blocks = 2 }\n"
    selection = resolve(here=table + slot, settings=["encoder.num_heads=3"])
    assert selection.encoder[0].parameters == {"num_heads": 3, "num_blocks": 2, "ffn_dim": 1}
    assert "dropout" not in selection.encoder[0].parameters
    assert selection.origins["encoder.num_heads"] == "--set"
    assert selection.origins["encoder.num_blocks"] == "./registry.toml"


def test_set_wins_over_the_environments_settings(resolve):
    environ = {"BSTKIT_SET": "pooling.units=[8]; head.units=[4] ;train.epochs=7"}
    selection = resolve(environ=environ, settings=["pooling.units=[9]"])
    assert (selection.pooling[0].parameters["units"], selection.head.parameters["units"]) == ([9], [4])
    assert selection.train.epochs == 7
    assert selection.origins["head.units"] == "environment BSTKIT_SET"
    assert selection.origins["train.epochs"] == "environment BSTKIT_SET"


@pytest.mark.parametrize("slot", ["position", "encoder", "pooling", "head", "candidate"])
def test_environment_and_flag_replace_each_slot(resolve, slot):
    low, high = {
        "position": ("", "sinusoidal"),
        "encoder": ("identity", "transformer"),
        "pooling": ("mean", "sum"),
        "head": ("mlp", "mlp"),
        "candidate": ("apart", "append"),
    }[slot]
    environ = {f"BSTKIT_{slot.upper()}": low or "sinusoidal"}
    below = resolve(environ=environ)
    above = resolve(environ=environ, slots={slot: high})
    assert below.origins[slot] == f"environment BSTKIT_{slot.upper()}"
    assert above.origins[slot] == f"--{slot}"
    chosen = above.candidate if slot == "candidate" else next(u.name for u in above.uses if u.kind == slot)
    assert chosen == high


def test_an_empty_environment_variable_counts_as_not_set(resolve):
    assert resolve(environ={"BSTKIT_POSITION": "", "BSTKIT_SET": ""}) == resolve()


def test_a_slot_given_by_flag_forgets_the_recipes_parameters(resolve):
    assert resolve(slots={"encoder": "transformer"}).encoder[0].parameters == {"num_heads": 4}


def test_empty_position_and_encoder_leave_the_slots_out(resolve):
    selection = resolve(slots={"position": "", "encoder": ""})
    assert (selection.position, selection.encoder) == (None, ())
    assert selection.origins["position"] == "--position"


def test_tables_merge_key_by_key_and_slots_and_lists_whole(resolve):
    here = """
        [recipe.bst]
        head = { use = "mlp", dropout = 0.5 }
        [recipe.bst.features]
        age = 12
        [train]
        epochs = 3
        [export.logit]
        rtol = 0.5
        [plugins]
        disable = ["a"]
        prefer = { "encoder.a" = "x" }
    """
    extra = '[train]\nseed = 9\n[plugins]\ndisable = ["b"]\nprefer = { "encoder.b" = "y" }\n'
    selection = resolve("bst", here=here, extra=extra)
    assert selection.head.parameters == {"dropout": 0.5}
    assert selection.encoder[0].parameters["ffn_dim"] == 1024
    assert (selection.rows["age"], selection.rows["item_id"]) == (12, 5001)
    assert (selection.train.epochs, selection.train.seed, selection.train.batch_size) == (3, 9, 256)
    assert (selection.export.logit.rtol, selection.export.logit.atol) == (0.5, 1e-5)
    assert selection.disable == ("b",)
    assert selection.prefer == {"encoder.a": "x", "encoder.b": "y"}


def test_lists_hold_components_of_several_kinds(resolve):
    selection = resolve(slots={"encoder": '["identity", { use = "score.attention", units = [8] }]'})
    assert [(use.path, use.key, use.parameters) for use in selection.encoder] == [
        ("encoder.0", "encoder.identity", {}),
        ("encoder.1", "score.attention", {"units": [8]}),
    ]


def test_set_reaches_one_component_of_a_list(resolve):
    selection = resolve(slots={"encoder": '["identity", "transformer"]'}, settings=["encoder.1.num_heads=2"])
    assert selection.encoder[1].parameters == {"num_heads": 2}
    assert selection.encoder[0].parameters == {}


def test_set_takes_the_index_0_of_a_single_component(resolve):
    assert resolve(settings=["pooling.0.units=[8]"]).pooling[0].parameters["units"] == [8]


def test_set_exchanges_one_component_of_a_list(resolve):
    selection = resolve(slots={"encoder": '["identity", "identity"]'}, settings=["encoder.1.use=transformer"])
    assert [use.name for use in selection.encoder] == ["identity", "transformer"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("0.5", 0.5), ("true", True), ("[1, 2]", [1, 2]), ("'a b'", "a b"), ("agru", "agru"), ("1e-3", 0.001)],
    ids=str,
)
def test_set_parses_toml_else_a_bare_string(resolve, text, value):
    assert resolve(settings=[f"pooling.anything={text}"]).pooling[0].parameters["anything"] == value


def test_recipes_of_absent_plugins_harm_nobody(resolve):
    resolve(here='[recipe.dien]\nencoder = ["tcn"]\npooling = "last"\nhead = "mlp"\n')


def test_components_of_local_files_resolve_beside_their_registry_file(resolve, tmp_path):
    (tmp_path / "my_layers.py").write_text("class MyEncoder: ...\n")
    here = '[components]\n"encoder.mine" = "my_layers:MyEncoder"\n[model]\nencoder = "mine"\n'
    selection = resolve(here=here)
    assert selection.components == {"encoder.mine": f"{tmp_path}/my_layers.py:MyEncoder"}
    assert selection.encoder[0].key == "encoder.mine"


def test_preferred_plugin_is_chosen(resolve, packages):
    packages.add("one", component("encoder.tcn"))
    packages.add("two", component("encoder.tcn"))
    here = '[plugins]\nprefer = { "encoder.tcn" = "two" }\n[model]\nencoder = "tcn"\n'
    assert resolve(here=here).encoder[0].key == "encoder.tcn"


def test_a_clash_matters_only_when_selected(resolve, refused, packages):
    packages.add("one", component("encoder.tcn"))
    packages.add("two", component("encoder.tcn"))
    resolve()
    error = refused(slots={"encoder": "tcn"})
    assert isinstance(error, ComponentError)
    assert error.message == "two plugins provide encoder.tcn: one 1.0 and two 1.0"


def test_a_broken_plugin_is_fatal_only_when_needed(resolve, refused, packages):
    packages.add_absent("broken")
    resolve()
    assert "plugin broken 1.0 is broken: ModuleNotFoundError" in refused(slots={"encoder": "tcn"}).message


def test_the_checkouts_own_file_is_no_second_layer(packages):
    from bstkit.config.layers import packaged_registry
    from bstkit.config.resolve import load_selection

    selection = load_selection(working_folder=packaged_registry().parent, environ={}, found=packages.found)
    assert set(selection.origins.values()) == {"packaged registry.toml", "default"}


def test_the_packaged_file_is_found_inside_the_package_first(monkeypatch, tmp_path):
    from bstkit.config import layers

    (tmp_path / "registry.toml").write_text("schema = 1\n")
    monkeypatch.setattr(layers, "files", lambda package: tmp_path)
    assert layers.packaged_registry() == tmp_path / "registry.toml"


def test_the_packaged_file_is_found_at_the_checkouts_root_else(monkeypatch, tmp_path):
    from bstkit.config import layers

    monkeypatch.setattr(layers, "files", lambda package: tmp_path)
    assert layers.packaged_registry().name == "registry.toml"
    assert (layers.packaged_registry().parent / "pyproject.toml").is_file()


def test_a_missing_registry_file_is_an_error(tmp_path, packages):
    from bstkit.config.resolve import load_selection

    with pytest.raises(ConfigError, match=r"gone\.toml: there is no such file"):
        load_selection(registry_path=tmp_path / "gone.toml", working_folder=tmp_path, environ={}, found=packages.found)
