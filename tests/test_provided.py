"""A clash is shown at everyone who takes part, settled or not."""

from types import SimpleNamespace

import pytest

from bstkit.errors import ComponentError, PluginError
from bstkit.registry import Registry, load_registry
from tests.plugin_packages import Packages, component

KEY = "encoder.tcn"


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


def registry(packages, prefer="", disable=(), components=()):
    choices = SimpleNamespace(
        components=dict(components), prefer={KEY: prefer} if prefer else {}, disable=disable, origins={}
    )
    return load_registry(choices, found=packages.found)


def remarks(known):
    return {plugin.title: [one.text for one in plugin.remarks] for plugin in known.plugins.found if plugin.remarks}


def test_unsettled_clash_is_a_remark_at_both_with_the_line_that_settles_it(packages):
    packages.add("first", component(KEY))
    packages.add("second", component(KEY), component("encoder.other"))
    known = registry(packages)
    choose = 'choose one:  prefer = { "encoder.tcn" = "first" }'
    assert remarks(known) == {
        "first": [f"encoder.tcn: second 1.0 provides it too; {choose}"],
        "second": [f"encoder.tcn: first 1.0 provides it too; {choose}"],
    }
    assert {plugin.condition for plugin in known.plugins.found} == {"loaded", "loaded, clash"}


def test_settled_clash_says_who_is_used(packages):
    for name in ("first", "second", "third"):
        packages.add(name, component(KEY))
    assert remarks(registry(packages, prefer="Second")) == {
        "first": ["encoder.tcn: not used: prefer names second"],
        "second": ["encoder.tcn: preferred to that of first 1.0 and third 1.0"],
        "third": ["encoder.tcn: not used: prefer names second"],
    }


def test_remarks_are_those_of_the_last_registry_made_of_the_plugins(packages):
    packages.add("first", component(KEY))
    packages.add("second", component(KEY))
    again = Registry(registry(packages).plugins, {}, {KEY: "second"})
    assert remarks(again)["first"] == ["encoder.tcn: not used: prefer names second"]


def test_clash_with_a_local_file_names_the_file(packages, tmp_path):
    packages.add("first", component(KEY))
    known = registry(packages, components={KEY: f"{tmp_path}/mine.py:Mine"})
    assert remarks(known)["first"][0].startswith(f"encoder.tcn: {tmp_path}/mine.py provides it too; choose one:")


def test_plugins_of_one_distribution_clash_and_prefer_tells_them_apart(packages):
    packages.add("both", component(KEY), entry="one")
    packages.add("both", component(KEY), entry="two")
    with pytest.raises(ComponentError) as caught:
        registry(packages).resolve(KEY)
    assert caught.value.message == "two plugins provide encoder.tcn: both:one 1.0 and both:two 1.0"
    assert caught.value.hint.endswith('prefer = { "encoder.tcn" = "both:one" }')
    chosen = registry(packages, prefer="both:two").resolve(KEY)
    assert (chosen.provider, chosen.distribution, chosen.entry_point) == ("both:two 1.0", "both", "two")
    with pytest.raises(ComponentError, match="two plugins provide"):
        registry(packages, prefer="both").resolve(KEY)


def test_preferred_plugin_that_is_broken_is_named_with_its_cause(packages):
    packages.add("sound", component(KEY))
    packages.add_absent("wanted")
    with pytest.raises(PluginError) as caught:
        registry(packages, prefer="wanted").resolve(KEY)
    assert caught.value.message.startswith("wanted is preferred for encoder.tcn, and did not load: ModuleNotFoundError")
    assert caught.value.hint.endswith("or take encoder.tcn out of prefer")


def test_preferred_plugin_that_is_disabled_is_named_with_what_disables_it(packages):
    packages.add("sound", component(KEY))
    packages.add("wanted", component(KEY))
    with pytest.raises(PluginError, match=r"wanted is preferred for encoder\.tcn, and is disabled in registry\.toml"):
        registry(packages, prefer="wanted", disable=("wanted",)).resolve(KEY)
