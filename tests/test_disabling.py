"""A plugin is left out by a file, the environment or a flag, and everybody is told by which."""

import os

import pytest

from bstkit.config.resolve import load_plugin_settings, load_selection
from bstkit.config.selection_file import selection_from_toml, selection_to_toml
from bstkit.disabling import BY_RUN, FLAG, VARIABLE, disabled_by_flag, disabled_plugins
from bstkit.manager import BUILT_IN
from bstkit.registry import load_registry
from tests.plugin_packages import Packages, component

BY_VARIABLE = f"environment {VARIABLE}"


@pytest.fixture
def packages(monkeypatch):
    found = Packages(monkeypatch)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: found.found)
    return found


def test_disabled_plugins_names_who_says_so():
    environ = {VARIABLE: "a, b,,"}
    assert disabled_plugins({"a": "./registry.toml", "c": "x.toml"}, environ) == {
        "a": BY_VARIABLE,
        "b": BY_VARIABLE,
        "c": "x.toml",
    }
    assert disabled_plugins({}, {}) == {}


def test_flag_holds_for_subprocesses_and_only_inside(monkeypatch):
    monkeypatch.setenv(VARIABLE, "first")
    with disabled_by_flag(["second", "first"]):
        assert os.environ[VARIABLE] == "first,second,first"
        assert disabled_plugins({}) == {"first": FLAG, "second": FLAG}
    assert os.environ[VARIABLE] == "first"
    assert disabled_plugins({}) == {"first": BY_VARIABLE}
    monkeypatch.delenv(VARIABLE)
    with disabled_by_flag([]):
        assert VARIABLE not in os.environ
    with disabled_by_flag(["x"]):
        pass
    assert VARIABLE not in os.environ


def test_selection_holds_what_disabled_each(packages, tmp_path):
    packages.add_absent("by-file")
    packages.add_absent("by-variable")
    (tmp_path / "registry.toml").write_text('[plugins]\ndisable = ["by-file"]\n')
    selection = load_selection(working_folder=tmp_path, environ={VARIABLE: "by-variable"})
    assert selection.disable == ("by-file", "by-variable")
    assert selection.origins["plugins.disable.by-file"] == "./registry.toml"
    assert selection.origins["plugins.disable.by-variable"] == BY_VARIABLE
    causes = {plugin.distribution: plugin.cause for plugin in load_registry(selection).plugins.absent}
    assert causes == {"by-file": "disabled in ./registry.toml", "by-variable": f"disabled by {BY_VARIABLE}"}


def test_selection_settles_a_clash_by_what_the_environment_disables(packages, tmp_path):
    packages.add("one", component("encoder.tcn"))
    packages.add("two", component("encoder.tcn"))
    selection = load_selection(slots={"encoder": "tcn"}, working_folder=tmp_path, environ={VARIABLE: "one"})
    assert load_registry(selection).resolve("encoder.tcn").distribution == "two"


def test_run_goes_on_without_what_it_was_trained_without(packages, tmp_path, caplog):
    packages.add("one", component("encoder.tcn"))
    packages.add("two", component("encoder.tcn"))
    trained = load_selection(
        slots={"encoder": "tcn"}, working_folder=tmp_path, environ={VARIABLE: "one,not-installed-any-more"}
    )
    again = selection_from_toml(selection_to_toml(trained)).of_run()
    registry = load_registry(again)
    assert registry.resolve("encoder.tcn").distribution == "two"
    assert [plugin.cause for plugin in registry.plugins.absent] == [f"disabled in {BY_RUN}"]
    assert not caplog.records


def test_environment_holds_for_a_registry_without_choices(packages, monkeypatch):
    packages.add("one", component("encoder.tcn"))
    monkeypatch.setenv(VARIABLE, "One")
    assert [plugin.cause for plugin in load_registry().plugins.absent] == [f"disabled by {BY_VARIABLE}"]


def test_name_that_no_plugin_has_is_a_warning_with_a_guess(packages, tmp_path, monkeypatch, caplog):
    packages.add("bstkit-tcn", component("encoder.tcn"))
    (tmp_path / "registry.toml").write_text('[plugins]\ndisable = ["bstkit-tnc"]\n')
    monkeypatch.setenv(VARIABLE, "zzz")
    load_registry(load_plugin_settings(working_folder=tmp_path))
    assert [record.getMessage() for record in caplog.records] == [
        "./registry.toml names 'bstkit-tnc', and no plugin is called so; did you mean 'bstkit-tcn'?",
        f"{BY_VARIABLE} names 'zzz', and no plugin is called so; `bstkit plugins` lists what is installed",
    ]


def test_built_ins_can_be_disabled_and_it_is_said(caplog, monkeypatch):
    monkeypatch.setenv(VARIABLE, "bstkit")
    registry = load_registry(found=[BUILT_IN])
    assert registry.list() == ()
    assert [record.getMessage() for record in caplog.records] == [
        f"the components of bstkit itself are disabled by {BY_VARIABLE}; most recipes need them"
    ]
