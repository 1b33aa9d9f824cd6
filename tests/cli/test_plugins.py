"""`plugins`, the flag that disables them, and what other commands say of plugins that are not well."""

import pytest

from bstkit.disabling import VARIABLE
from bstkit.hookspecs import hookimpl
from tests.plugin_packages import component


@pytest.fixture
def unwell(packages):
    """A plugin in most of the states."""
    packages.add_absent("broken")
    packages.add("bstkit-tcn", component("encoder.tcn"), version="0.2.0")
    packages.add("clashing", component("encoder.tcn"))
    packages.add("newer", component("encoder.mamba", contract=7))
    packages.add("several", component("encoder.one"), entry="one")
    packages.add("several", entry="two", bstkit_component=hookimpl(lambda: ()))
    return packages


def test_every_state_is_shown(run, unwell):
    ran = run("--disable-plugins", "several:one", "plugins")
    assert ran.code == 0
    cells = {line.split()[0]: line for line in ran.out.splitlines()}
    assert cells["broken"].split()[1:3] == ["1.0", "broken"]
    assert "loaded, clash" in cells["bstkit-tcn"]
    assert "encoder.tcn: clashing 1.0 provides it too; choose one:" in cells["bstkit-tcn"]
    assert "newer contract" in cells["newer"]
    assert "upgrade bstkit" in cells["newer"]
    assert "disabled by --disable-plugins" in cells["several:one"]
    assert "unknown hook 'bstkit_component', did you mean 'bstkit_components'?" in cells["several:two"]


def test_json_has_state_remarks_and_advice(run, unwell):
    plugins = {one["title"]: one for one in run("-q", "plugins", "--json").json}
    assert plugins["clashing"]["state"] == "loaded"
    [remark] = plugins["clashing"]["remarks"]
    assert (remark["name"], remark["text"].partition(":")[0]) == ("clash", "encoder.tcn")
    assert plugins["newer"]["advice"] == "upgrade bstkit, or install an older newer"
    assert plugins["several:two"]["distribution"] == "several"
    assert "error" not in plugins["broken"]


def test_one_plugin_on_a_page(run, unwell):
    ran = run("-q", "plugins", "newer")
    assert ran.code == 0
    pairs = dict(line.split(None, 1) for line in ran.out.splitlines() if line and not line.startswith(" "))
    assert pairs["state"].strip() == "newer contract"
    assert ran.out.count("to do    upgrade bstkit, or install an older newer") == 1
    assert [one["title"] for one in run("-q", "plugins", "several", "--json").json] == ["several:one", "several:two"]
    assert "encoder.tcn        contract 1  the tcn of a test" in run("-q", "plugins", "bstkit-tcn").out


def test_verbose_page_has_the_traceback(run, unwell):
    assert "Traceback (most recent call last)" in run("-v", "plugins", "broken").err
    assert "Traceback" not in run("plugins", "broken").err


def test_unknown_plugin_is_an_error_with_a_guess(run, unwell):
    ran = run("-q", "plugins", "bstkit-tnc")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: no plugin named 'bstkit-tnc'\nhint:  did you mean 'bstkit-tcn'? `bstkit plugins` lists all 7\n"
    )


def test_list_notes_clashes_and_warns_of_what_did_not_load(run, unwell):
    ran = run("list", "encoder")
    notes = [line for line in ran.out.splitlines() if line.startswith("encoder.tcn")]
    assert len(notes) == 2
    assert all("provides it too; choose one:" in note for note in notes)
    assert [line.partition(" did not load")[0] for line in ran.err.splitlines()] == [
        "warning: plugin broken 1.0",
        "warning: plugin newer 1.0",
        "warning: plugin several:two 1.0",
    ]
    records = {one["provider"]: one for one in run("-q", "list", "encoder", "--json").json}
    assert "clashing 1.0 provides it too" in records["bstkit-tcn 0.2.0"]["clash"]
    assert records["several:one 1.0"]["clash"] == ""


def test_list_of_hooks_has_arguments_and_versions(run):
    hooks = {one["name"]: one for one in run("list", "hook", "--json").json}
    assert (hooks["bstkit_callbacks"]["arguments"], hooks["bstkit_callbacks"]["since"]) == (["run"], 1)
    assert "bstkit_export_passes" in run("list", "hook").out


def test_flag_takes_several_names_and_guesses_wrong_ones(run, unwell):
    ran = run("--disable-plugins", "broken, several", "--disable-plugins", "Newer,clahsing", "list", "encoder")
    assert ran.code == 0
    assert "encoder.one" not in ran.out
    assert ran.err == (
        "warning: --disable-plugins names 'clahsing', and no plugin is called so; did you mean 'clashing'?\n"
    )
    again = run("list", "encoder")
    assert "encoder.one" in again.out


def test_environment_disables_for_every_command(run, unwell, monkeypatch):
    monkeypatch.setenv(VARIABLE, "bstkit-tcn,broken,newer,several")
    assert run("show", "encoder.tcn", "--json").err.startswith("error: encoder.tcn of clashing 1.0 cannot be imported")
    ran = run("show", "encoder.one")
    assert ran.code == 2
    assert f"plugin several:one 1.0 is disabled by environment {VARIABLE}" in ran.err


def test_build_that_needs_a_plugin_of_a_newer_contract_says_what_to_do(run, unwell):
    ran = run("-q", "build", "--encoder", "mamba", "--dry-run")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: encoder.mamba comes from newer 1.0, which did not load: encoder.mamba is written for contract 7; this "
        "bstkit knows 1: upgrade bstkit\n"
        "hint:  upgrade bstkit, or install an older newer; `bstkit plugins` shows every plugin\n"
    )


def test_unknown_name_tells_of_every_plugin_that_might_have_it(run, unwell):
    ran = run("-q", "build", "--encoder", "zzz", "--dry-run")
    lines = ran.err.splitlines()
    assert lines[0] == "error: no encoder named 'zzz'"
    assert lines[1].strip().startswith("plugin broken 1.0 is broken: ModuleNotFoundError")
    assert lines[2].strip().startswith("plugin newer 1.0 is made for a newer contract: encoder.mamba is written")


def test_build_that_needs_none_of_them_is_not_disturbed(run, unwell):
    ran = run("-q", "build", "--encoder", "identity", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert ran.err == ""
