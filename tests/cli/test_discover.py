"""`list`, `show` and `plugins` tell what is there, to people and to programs."""

import pytest

from bstkit.version import __version__
from tests.plugin_packages import component


def test_list_shows_every_component_once_a_line(run):
    ran = run("list")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["component", "summary", "provider"]
    assert any(line.startswith("encoder.transformer ") and f"bstkit {__version__}" in line for line in lines)


def test_list_of_a_kind_as_json(run, packages):
    packages.add("bstkit-tcn", component("encoder.tcn", requires=frozenset({"prefix_mask"})), version="0.2.0")
    ran = run("list", "encoder", "--json")
    assert {one["kind"] for one in ran.json} == {"encoder"}
    (tcn,) = (one for one in ran.json if one["name"] == "tcn")
    assert (tcn["key"], tcn["distribution"], tcn["version"]) == ("encoder.tcn", "bstkit-tcn", "0.2.0")
    assert tcn["requires"] == ["prefix_mask"]


def test_optimizers_and_schedules_are_listed_and_shown(run):
    assert [one["key"] for one in run("list", "schedule", "--json").json][:2] == [
        "schedule.constant",
        "schedule.linear",
    ]
    assert "optimizer.lazy_adam  Adam that updates only" in run("list", "optimizer").out
    ran = run("show", "optimizer.adamw")
    assert "use      --set train.optimizer=adamw" in ran.out
    assert "weight_decay  float  0.004    share of every weight" in ran.out
    shown = run("show", "optimizer.adamw", "--json").json
    assert shown["parameters"][0]["default"] == 0.004


def test_list_warns_of_a_broken_plugin_on_standard_error(run, packages):
    packages.add_absent("broken")
    ran = run("list", "--json")
    assert ran.code == 0
    assert ran.json
    assert ran.err == (
        "warning: plugin broken 1.0 did not load: ModuleNotFoundError: No module named 'broken_that_is_absent'\n"
    )


def test_quiet_hides_warnings(run, packages):
    packages.add_absent("broken")
    assert run("-q", "list").err == ""


def test_list_of_an_unknown_kind_reads_as_the_style_page_says(run):
    ran = run("list", "encodr")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: no kind named 'encodr'\n"
        "hint:  did you mean 'encoder'? the kinds are position, encoder, score, pooling, objective, head\n"
    )


def test_plugins_shows_state_cause_and_time(run, packages, tmp_path):
    packages.add_absent("broken")
    packages.add("left-out", component("encoder.tcn"))
    (tmp_path / "registry.toml").write_text('[plugins]\ndisable = ["Left_Out"]\n')
    ran = run("plugins", "--json")
    states = {one["distribution"]: one["state"] for one in ran.json}
    assert states == {"bstkit": "loaded", "broken": "broken", "left-out": "disabled"}
    by_name = {one["distribution"]: one for one in ran.json}
    assert by_name["broken"]["cause"].startswith("ModuleNotFoundError")
    assert by_name["bstkit"]["hooks"] == ["bstkit_components"]
    assert "pooling.flatten" in by_name["bstkit"]["components"]
    assert by_name["bstkit"]["load_ms"] >= 0
    table = run("plugins").out
    assert "ModuleNotFoundError: No module named 'broken_that_is_absent'" in table
    assert "disabled in ./registry.toml" in table


def test_registry_flag_reaches_local_components(run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.toml").write_text('[components]\n"encoder.mine" = "my_layers:MyEncoder"\n')
    ran = run("list", "encoder", "--json", "--registry", str(other / "mine.toml"))
    (mine,) = (one for one in ran.json if one["name"] == "mine")
    assert mine["target"] == f"{other}/my_layers.py:MyEncoder"


def test_show_of_a_local_file_runs_it_and_says_so(run, tmp_path):
    (tmp_path / "my_layers.py").write_text(
        "class MyEncoder:\n"
        '    """Mine.\n\n    Args:\n        width: how wide. Defaults to `3`.\n    """\n\n'
        "    def __init__(self, width: int = 3, tasks: tuple = (), **kwargs):\n        pass\n"
    )
    (tmp_path / "registry.toml").write_text('[components]\n"encoder.mine" = "my_layers:MyEncoder"\n')
    ran = run("show", "encoder.mine", "--json")
    assert ran.json["parameters"] == [
        {"name": "width", "type": "int", "default": 3, "required": False, "meaning": "how wide. Defaults to `3`."}
    ]
    assert ran.json["source"] == f"{tmp_path}/my_layers.py"
    assert ran.err == f"warning: encoder.mine runs the code of {tmp_path}/my_layers.py\n"


def test_show_lists_parameters_types_defaults_and_reference(run):
    ran = run("show", "pooling.attention")
    assert (ran.code, ran.err) == (0, "")
    assert "arXiv:1706.06978" in ran.out
    (units,) = (line for line in ran.out.splitlines() if line.startswith("units"))
    assert "Sequence[int]" in units
    assert "(80, 40)" in units


@pytest.mark.parametrize("recipe", ["bst_small", "bst_deepctr", "din", "dien", "dsin"])
def test_show_draws_every_recipe(run, recipe):
    ran = run("-q", "show", "--recipe", recipe)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"recipe     {recipe}\n")
    assert "└─ ctr_logit" in ran.out
    assert ("objective.next_step (training only)" in ran.out) == ("of objectives" in ran.out) == (recipe == "dien")


def test_show_of_a_recipe_takes_slots_and_settings(run):
    ran = run(
        "-q", "show", "--recipe", "din", "--encoder", "gru", "--pooling", "last", "--set", "encoder.units=24", "--json"
    )
    assert ran.code == 0, ran.err
    [gru] = [line for line in ran.json["drawing"] if line["name"] == "encoder.gru"]
    assert (gru["makes"], gru["note"]) == ("sequence (batch, time, 24)", "units=24")
    assert gru["depth"] == 2


def test_show_of_a_recipe_that_cannot_be_composed_says_why(run):
    ran = run("-q", "show", "--recipe", "dsin", "--candidate", "append")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: hist: session: an appended candidate belongs to no session\nhint:  ")


def test_show_of_an_unknown_name_guesses(run):
    ran = run("show", "transformer")
    assert ran.code == 2
    assert ran.err.startswith("error: 'transformer' is not of the form kind.name\nhint:  did you mean 'encoder.transf")


def test_show_of_a_class_that_cannot_be_imported_is_one_error(run, packages):
    packages.add("somewhere", component("encoder.gone", target="module_that_is_absent:Gone"))
    ran = run("show", "encoder.gone")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: encoder.gone of somewhere 1.0 cannot be imported: ModuleNotFoundError")


def test_a_wrong_registry_file_is_one_error(run, tmp_path):
    (tmp_path / "registry.toml").write_text("[trian]\nepochs = 3\n")
    ran = run("list")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: ./registry.toml: trian: unknown table\nhint:  did you mean 'train'?\n"
