"""Plugins are loaded one by one; a broken one is shown and disturbs nobody."""

import sys

import pytest

from bstkit import hookimpl
from bstkit.component import Component, GraphPass
from bstkit.errors import PluginError
from bstkit.manager import BUILT_IN, load_plugins, normalised, warn_of_broken
from tests.plugin_packages import Packages, component


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


def load_one(packages, **options):
    return {plugin.distribution: plugin for plugin in load_plugins(packages.found, **options).found}


def test_load_plugins_records_distribution_version_hooks_and_time(packages):
    packages.add("bstkit-gru", component("encoder.gru"), version="0.2.0")
    plugin = load_one(packages)["bstkit-gru"]
    assert (plugin.version, plugin.entry_point, plugin.state) == ("0.2.0", "bstkit_gru", "loaded")
    assert plugin.hooks == ("bstkit_components",)
    assert [one.key for one in plugin.components] == ["encoder.gru"]
    assert plugin.load_ms >= 0
    assert plugin.label == "bstkit-gru 0.2.0"


def test_load_plugins_without_any_installed_finds_the_built_ins(monkeypatch):
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: [])
    found = load_plugins().found
    assert [plugin.entry_point for plugin in found] == ["bstkit.plugins"]
    assert "encoder.transformer" in {one.key for one in found[0].components}


def test_load_plugins_with_the_built_ins_installed_loads_them_once(monkeypatch):
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: [BUILT_IN])
    assert [plugin.state for plugin in load_plugins().found] == ["loaded"]


def test_load_plugins_orders_built_ins_first_then_by_distribution(packages):
    packages.add("zebra", component("encoder.zebra"))
    packages.add("Alpha", component("encoder.alpha"))
    found = load_plugins(reversed(packages.found)).found
    assert [plugin.distribution for plugin in found] == ["bstkit", "Alpha", "zebra"]


def yielding(hook=None, name="", **records):
    """A marked hook that yields one record, or does what a function does."""
    if hook is None:
        [(name, record)] = records.items()

        def hook():
            yield record

    hook.__name__ = name
    return hookimpl(hook)


def _components():
    yield component("encoder.gru")


def _unmarked():
    yield component("encoder.gru")


def _raises():
    yield component("encoder.gru")
    raise RuntimeError("the licence\nhas run out")


def _leaves():
    sys.exit("no GPU")


def _with_argument(colour):
    return ()


BROKEN = {
    "unknown_hook": ({"bstkit_component": hookimpl(_components)}, "unknown hook 'bstkit_component', did you mean"),
    "far_hook": ({"something_else": hookimpl(_components)}, "unknown hook 'something_else'"),
    "unmarked_hook": ({"bstkit_components": _unmarked}, "bstkit_components is not marked with @hookimpl"),
    "no_hook": ({}, "it implements no hook"),
    "wrong_argument": ({"bstkit_callbacks": hookimpl(_with_argument)}, "colour"),
    "hook_raises": ({"bstkit_components": hookimpl(_raises)}, "RuntimeError: the licence has run out"),
    "hook_exits": ({"bstkit_components": hookimpl(_leaves)}, "SystemExit: no GPU"),
    "yields_nothing_iterable": ({"bstkit_components": hookimpl(lambda: 3)}, "TypeError"),
}

WRONG_RECORDS = {
    "no_component": ("encoder.gru", "yielded 'encoder.gru', which is no Component"),
    "unknown_kind": (component("encodr.gru"), "unknown kind 'encodr', did you mean 'encoder'?"),
    "wrong_name": (component("encoder.GRU"), "'GRU' is not snake_case"),
    "wrong_target": (
        component("encoder.gru", target="some_package"),
        "must be 'module:Class'; received 'some_package'",
    ),
    "no_contract": (component("encoder.gru", contract="1"), "contract must be 1 or more; received '1'"),
    "unknown_requirement": (component("encoder.gru", requires=frozenset({"fixed_lenght"})), "'fixed_length'"),
    "far_requirement": (component("encoder.gru", requires=frozenset({"x"})), "requires 'x', known: fixed_length"),
    "requirement_no_set": (component("encoder.gru", requires="sessions"), "must be a frozenset; received 'sessions'"),
    "no_text": (component("encoder.gru", summary=None), "summary of a Component must be text; received None"),
}


@pytest.mark.parametrize(("contents", "cause"), BROKEN.values(), ids=BROKEN)
def test_load_plugins_isolates_a_broken_plugin(packages, contents, cause):
    packages.add("broken", **contents)
    packages.add("sound", component("encoder.sound"))
    plugins = load_one(packages)
    assert plugins["broken"].state == "broken"
    assert cause in plugins["broken"].cause
    assert "\n" not in plugins["broken"].cause
    assert (plugins["bstkit"].state, plugins["sound"].state) == ("loaded", "loaded")


@pytest.mark.parametrize(("record", "cause"), WRONG_RECORDS.values(), ids=WRONG_RECORDS)
def test_load_plugins_refuses_a_wrong_record(packages, record, cause):
    packages.add("broken", component("pooling.fine"), record)
    plugin = load_one(packages)["broken"]
    assert plugin.state == "broken"
    assert cause in plugin.cause


WRONG_PASSES = {
    "no_pass": ("fold", "yielded 'fold', which is no GraphPass"),
    "wrong_target": (GraphPass("fold", "some_package", ""), "must be 'module:function'; received 'some_package'"),
}


@pytest.mark.parametrize(("record", "cause"), WRONG_PASSES.values(), ids=WRONG_PASSES)
def test_load_plugins_refuses_a_wrong_pass(packages, record, cause):
    packages.add("broken", bstkit_export_passes=yielding(bstkit_export_passes=record))
    plugin = load_one(packages)["broken"]
    assert plugin.state == "broken"
    assert cause in plugin.cause


def test_load_plugins_reads_export_passes(packages):
    folds = GraphPass("fold", "some_package.passes:fold", "Fold what can be folded.")
    packages.add("folds", bstkit_export_passes=yielding(bstkit_export_passes=folds))
    assert load_one(packages)["folds"].passes == (folds,)


def test_load_plugins_knows_a_plugin_of_a_newer_contract(packages):
    packages.add("new", component("encoder.old"), component("encoder.new", contract=2))
    plugin = load_one(packages)["new"]
    assert plugin.state == "newer contract"
    assert plugin.cause == "encoder.new is written for contract 2; this bstkit knows 1: upgrade bstkit"
    assert plugin.advice == "upgrade bstkit, or install an older new"
    assert [one.key for one in plugin.components] == ["encoder.old", "encoder.new"]


def test_load_plugins_refuses_a_component_provided_twice(packages):
    packages.add("broken", component("pooling.fine"), component("pooling.fine"))
    assert load_one(packages)["broken"].cause == "pooling.fine is provided twice"


def test_load_plugins_isolates_an_import_error(packages):
    packages.add_absent("broken")
    plugin = load_one(packages)["broken"]
    assert plugin.state == "broken"
    assert plugin.cause == "ModuleNotFoundError: No module named 'broken_that_is_absent'"
    assert isinstance(plugin.error, ModuleNotFoundError)


def test_load_plugins_keeps_what_a_plugin_prints_off_standard_output(packages, capsys):
    def chatty():
        print("hello")  # noqa: T201 - what plugins do
        yield component("encoder.chatty")

    packages.add("chatty", bstkit_components=yielding(chatty, "bstkit_components"))
    assert load_one(packages)["chatty"].state == "loaded"
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_a_hook_of_a_later_bstkit_can_be_optional(packages):
    packages.add("ahead", component("encoder.gru"), bstkit_from_the_future=hookimpl(lambda: (), optionalhook=True))
    plugin = load_one(packages)["ahead"]
    assert (plugin.state, plugin.hooks) == ("loaded", ("bstkit_components",))


def test_load_plugins_never_imports_a_disabled_plugin(packages):
    packages.add_absent("Some.Package")
    plugin = load_one(packages, disable=["some-package"])["Some.Package"]
    assert (plugin.state, plugin.cause, plugin.components) == ("disabled", "disabled in registry.toml", ())


def test_normalised_makes_spellings_of_a_distribution_equal():
    assert normalised("Bstkit__GRU.x") == normalised("bstkit-gru-x")


def test_warn_of_broken_names_each_broken_plugin(packages, caplog):
    packages.add_absent("broken", version="3.1")
    warn_of_broken(load_plugins(packages.found))
    assert [record.getMessage() for record in caplog.records] == [
        "plugin broken 3.1 did not load: ModuleNotFoundError: No module named 'broken_that_is_absent'"
    ]


def test_collect_lists_what_each_plugin_yields(packages):
    def bstkit_callbacks(run):
        return [f"callback of {run}"]

    packages.add("calls", bstkit_callbacks=hookimpl(bstkit_callbacks))
    items = load_plugins(packages.found).collect("bstkit_callbacks", run="this run")
    assert [(plugin.distribution, item) for plugin, item in items] == [("calls", "callback of this run")]


def test_collect_names_the_plugin_whose_hook_raises(packages):
    def bstkit_callbacks(run):
        raise ValueError("no such run")

    packages.add("calls", version="2.0", bstkit_callbacks=hookimpl(bstkit_callbacks))
    with pytest.raises(
        PluginError, match=r"plugin calls 2\.0: bstkit_callbacks failed: ValueError: no such run"
    ) as caught:
        load_plugins(packages.found).collect("bstkit_callbacks", run=None)
    assert caught.value.hint == 'leave it out in registry.toml:  disable = ["calls"]'


def test_built_in_records_name_existing_modules():
    from importlib.util import find_spec

    (plugin,) = load_plugins([BUILT_IN]).found
    assert plugin.state == "loaded"
    for one in plugin.components:
        assert isinstance(one, Component)
        assert find_spec(one.target.partition(":")[0]), one.key
        assert one.summary.endswith(".")
