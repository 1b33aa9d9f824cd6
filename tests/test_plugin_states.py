"""Plugins that load slowly, share a distribution, or whose installed metadata is damaged: seen, and kept apart."""

import sys
from types import ModuleType

import pytest

from bstkit.hookspecs import hookimpl
from bstkit.manager import BUILT_IN, load_plugins
from bstkit.slow_import import SLOW_MS, slow_remark
from tests.plugin_packages import Packages, component, entry_point


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Write a distribution's metadata, and modules, where Python finds them."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name, entry_points="", metadata=None, **modules):
        folder = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" if metadata is None else metadata
        (folder / "METADATA").write_text(text)
        (folder / "entry_points.txt").write_text(entry_points)
        for module, code in modules.items():
            (tmp_path / f"{module}.py").write_text(code)
            monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def by_title(plugins):
    return {plugin.title: plugin for plugin in plugins.found}


SOUND = (
    "from bstkit import Component, hookimpl\n\n\n@hookimpl\ndef bstkit_components():\n"
    "    yield Component('pooling', 'sound', 'sound_layers:Sound', 'Sound.')\n"
)


def test_slow_remark_is_silent_below_the_limit():
    assert slow_remark(SLOW_MS, set(sys.modules), "mine") == ()


def test_slow_remark_names_the_packages_that_brought_many_modules(monkeypatch):
    before = set(sys.modules)
    for package, count in (("heavy", 30), ("light", 3), ("mine", 50)):
        for number in range(count):
            monkeypatch.setitem(sys.modules, f"{package}.part{number}", ModuleType("part"))
    [remark] = slow_remark(4812.3, before, "mine")
    assert remark.name == "slow"
    assert remark.text.startswith("took 4,812 ms to load, which every command waits for (limit 300): ")
    assert "it imported heavy (30 modules); import those where the layers are" in remark.text
    assert "light" not in remark.text
    assert "mine" not in remark.text


def test_slow_plugin_is_loaded_and_shown_as_slow(packages, monkeypatch):
    monkeypatch.setattr("bstkit.slow_import.SLOW_MS", -1.0)
    packages.add("sleepy", component("encoder.sleepy"))
    plugin = by_title(load_plugins(packages.found))["sleepy"]
    assert (plugin.state, plugin.condition) == ("loaded", "loaded, slow")
    assert plugin.remarks[0].text.endswith("it imported nothing large, so its own code takes the time")


def test_plugins_of_one_distribution_are_told_apart(packages):
    packages.add("both", component("encoder.one"), entry="one")
    packages.add("both", entry="two", something_else=hookimpl(lambda: ()))
    packages.add("single", component("encoder.single"), entry="other")
    plugins = by_title(load_plugins(packages.found))
    assert {title: plugin.state for title, plugin in plugins.items()} == {
        "bstkit": "loaded",
        "both:one": "loaded",
        "both:two": "broken",
        "single": "loaded",
    }
    assert plugins["both:two"].label == "both:two 1.0"
    assert plugins["both:two"].advice.endswith('leave it out:  disable = ["both:two"]')


@pytest.mark.parametrize(
    ("disable", "left_out"),
    [("both", {"both:one", "both:two"}), ("Both:Two", {"both:two"}), ("two", set())],
    ids=["distribution", "entry_point", "entry_point_alone"],
)
def test_disable_takes_a_distribution_or_one_of_its_entry_points(packages, disable, left_out):
    packages.add("both", component("encoder.one"), entry="one")
    packages.add("both", component("encoder.two"), entry="two")
    found = load_plugins(packages.found, [disable]).found
    assert {plugin.title for plugin in found if plugin.state == "disabled"} == left_out


def test_two_entry_points_of_one_module_load_it_once(packages):
    packages.add("both", component("encoder.one"), entry="one")
    packages.found.append(entry_point("both", "1.0", "both_one", "again"))
    plugins = by_title(load_plugins(packages.found))
    assert plugins["both:again"].state == "loaded"  # the first by name
    assert plugins["both:one"].cause == "its module is loaded already, by both:again"


def test_two_entry_points_of_one_name_leave_the_first_alone(packages):
    packages.add("both", component("encoder.one"), entry="one")
    packages.found.append(packages.found[-1])
    plugins = load_plugins(packages.found)
    assert [plugin.state for plugin in plugins.found] == ["loaded", "loaded", "broken"]
    assert plugins.found[2].cause == "its distribution has a second entry point of this name"
    assert len(plugins.collect("bstkit_components")) == len(plugins.found[0].components) + 1


@pytest.mark.parametrize("value", ["", "not a module!", "package:two:colons:"], ids=["empty", "words", "colons"])
def test_entry_point_that_names_no_module_is_broken(packages, value):
    packages.found.append(entry_point("odd", "1.0", value))
    packages.add("sound", component("encoder.sound"))
    plugins = by_title(load_plugins(packages.found))
    assert plugins["sound"].state == "loaded"
    assert plugins["odd"].state == "broken"
    assert "is not of the form 'module' or 'module:object'" in plugins["odd"].cause


def test_distribution_whose_entry_points_cannot_be_read_is_broken_and_hides_nobody(installed):
    installed("damaged", "[bstkit]\nthis line has no equals sign\n")
    installed("sound", "[bstkit]\nsound = sound_plugin\n", sound_plugin=SOUND)
    installed("somebody-else", "[other.group]\nneither has this one\n")
    plugins = by_title(load_plugins())
    assert (plugins["bstkit"].state, plugins["sound"].state) == ("loaded", "loaded")
    assert plugins["damaged"].state == "broken"
    assert plugins["damaged"].cause.startswith("its entry_points.txt cannot be read: ")
    assert plugins["damaged"].version == "1.0"
    assert "somebody-else" not in plugins


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\nName: nameless\n"], ids=["empty", "no_version"])
def test_distribution_that_does_not_say_who_it_is_is_broken(installed, metadata):
    installed("nameless", "[bstkit]\nnameless = nameless_plugin\n", metadata, nameless_plugin=SOUND)
    installed("sound", "[bstkit]\nsound = sound_plugin\n", sound_plugin=SOUND)
    plugins = by_title(load_plugins())
    assert plugins["sound"].state == "loaded"
    assert plugins["nameless"].state == "broken"
    assert plugins["nameless"].cause == "its installed metadata states no name and version"


def test_built_in_plugin_loads_far_below_the_limit():
    assert min(load_plugins([BUILT_IN]).found[0].load_ms for _ in range(3)) < SLOW_MS / 3
