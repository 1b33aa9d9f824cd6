"""Components are found by name; wrong names, clashes and broken plugins are explained."""

from types import SimpleNamespace

import pytest

from bstkit.errors import ComponentError, PluginError
from bstkit.manager import BUILT_IN
from bstkit.registry import load_registry
from tests.plugin_packages import Packages, built_in, component


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


def choices(components=(), prefer=(), disable=(), origins=()):
    return SimpleNamespace(
        components=dict(components), prefer=dict(prefer), disable=tuple(disable), origins=dict(origins)
    )


def raised(action, *arguments):
    with pytest.raises((ComponentError, PluginError)) as caught:
        action(*arguments)
    return caught.value


def test_list_orders_by_kind_then_name():
    keys = [one.component.key for one in load_registry(found=[BUILT_IN]).list()]
    kinds = [key.partition(".")[0] for key in keys]
    assert kinds == sorted(kinds, key=["position", "encoder", "score", "pooling", "objective", "head"].index)
    assert keys.index("encoder.identity") < keys.index("encoder.transformer")


def test_list_of_one_kind_holds_only_that_kind():
    names = {one.component.name for one in load_registry(found=[BUILT_IN]).list("pooling")}
    assert {"attention", "mean", "sum", "max", "last", "flatten"} <= names
    assert {one.component.kind for one in load_registry(found=[BUILT_IN]).list("pooling")} == {"pooling"}


def test_list_of_an_unknown_kind_names_the_nearest():
    error = raised(load_registry(found=[BUILT_IN]).list, "encodr")
    assert error.message == "no kind named 'encodr'"
    assert error.hint.startswith("did you mean 'encoder'? the kinds are position, encoder")


def test_resolve_gives_component_and_provider(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"), version="0.2.0")
    provided = load_registry(found=packages.found).resolve("encoder.tcn")
    assert provided.component.name == "tcn"
    assert (provided.distribution, provided.version, provided.provider) == ("bstkit-tcn", "0.2.0", "bstkit-tcn 0.2.0")


def test_resolve_of_a_misspelt_name_reads_as_the_style_page_says(packages):
    packages.add("more", *(component(f"encoder.e{number}") for number in range(4)))
    error = raised(load_registry(found=packages.found).resolve, "encoder.transfomer")
    assert error.message == "no encoder named 'transfomer'"
    assert error.hint == f"did you mean 'transformer'? `bstkit list encoder` shows all {built_in('encoder') + 4}"


def test_resolve_of_a_far_name_gives_no_guess():
    error = raised(load_registry(found=[BUILT_IN]).resolve, "position.zzz")
    assert error.hint == f"`bstkit list position` shows all {built_in('position')}"


def test_resolve_of_a_kind_without_components_says_so():
    error = raised(load_registry(found=[]).resolve, "objective.next_step")
    assert error.hint == "no plugin provides an objective; `bstkit plugins` shows what is installed"


@pytest.mark.parametrize(
    ("name", "guess"), [("transformer", "encoder.transformer"), ("transfomer", "encoder.transformer")], ids=str
)
def test_resolve_without_a_kind_guesses_the_key(name, guess):
    error = raised(load_registry(found=[BUILT_IN]).resolve, name)
    assert error.message == f"'{name}' is not of the form kind.name"
    assert f"did you mean '{guess}'?" in error.hint


def test_resolve_of_a_clash_reads_as_the_style_page_says(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"), version="0.2.0")
    packages.add("bstkit-extras", component("encoder.tcn"), version="1.1.0")
    error = raised(load_registry(found=packages.found).resolve, "encoder.tcn")
    assert error.message == "two plugins provide encoder.tcn: bstkit-extras 1.1.0 and bstkit-tcn 0.2.0"
    assert error.hint == 'choose one in registry.toml:  prefer = { "encoder.tcn" = "bstkit-extras" }'


def test_resolve_of_three_providers_names_all(packages):
    for name in ("one", "two", "xyz"):
        packages.add(name, component("encoder.tcn"))
    error = raised(load_registry(found=packages.found).resolve, "encoder.tcn")
    assert error.message == "3 plugins provide encoder.tcn: one 1.0, two 1.0 and xyz 1.0"


def test_prefer_settles_a_clash(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"))
    packages.add("bstkit-extras", component("encoder.tcn"))
    registry = load_registry(choices(prefer={"encoder.tcn": "Bstkit_TCN"}), found=packages.found)
    assert registry.resolve("encoder.tcn").distribution == "bstkit-tcn"
    assert len(registry.list("encoder")) == len(load_registry(found=packages.found).list("encoder"))


def test_prefer_of_a_package_that_provides_nothing_is_an_error(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"))
    registry = load_registry(choices(prefer={"encoder.tcn": "bstkit-tcns"}), found=packages.found)
    error = raised(registry.resolve, "encoder.tcn")
    assert error.message == "bstkit-tcns is preferred for encoder.tcn, but provides none; bstkit-tcn does"
    assert error.hint == "did you mean 'bstkit-tcn'?"


def test_disable_settles_a_clash(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"))
    packages.add("bstkit-extras", component("encoder.tcn"))
    registry = load_registry(choices(disable=["bstkit-extras"]), found=packages.found)
    assert registry.resolve("encoder.tcn").distribution == "bstkit-tcn"


def test_resolve_of_a_broken_plugins_component_names_plugin_and_cause(packages):
    packages.add("bstkit-tcn", component("encoder.tcn"), component("encoder.next", contract=9), version="0.2.0")
    error = raised(load_registry(found=packages.found).resolve, "encoder.tcn")
    assert isinstance(error, PluginError)
    assert "encoder.tcn comes from bstkit-tcn 0.2.0, which did not load: encoder.next is written for" in error.message


def test_resolve_of_an_unknown_name_mentions_plugins_that_did_not_load(packages):
    packages.add_absent("bstkit-tcn", version="0.2.0")
    error = raised(load_registry(found=packages.found).resolve, "encoder.tcn")
    assert error.message.startswith("no encoder named 'tcn'\nplugin bstkit-tcn 0.2.0 is broken: ModuleNotFoundError")


def test_load_registry_warns_of_broken_plugins(packages, caplog):
    packages.add_absent("bstkit-tcn", version="0.2.0")
    load_registry(found=packages.found)
    assert "plugin bstkit-tcn 0.2.0 did not load" in caplog.text


def test_load_class_imports_the_target(packages):
    packages.add("somewhere", component("encoder.path", target="pathlib:PurePath"))
    from pathlib import PurePath

    assert load_registry(found=packages.found).load_class("encoder.path") is PurePath


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("package_that_is_absent:Layer", "cannot be imported: ModuleNotFoundError"),
        ("pathlib:Absent", "cannot be imported: AttributeError"),
        ("pathlib:sys", "sys is not a class"),
    ],
    ids=["module", "class", "no_class"],
)
def test_load_class_turns_failures_into_plugin_errors(packages, target, cause):
    packages.add("somewhere", component("encoder.path", target=target), version="3.0")
    error = raised(load_registry(found=packages.found).load_class, "encoder.path")
    assert isinstance(error, PluginError)
    assert "encoder.path of somewhere 3.0" in error.message
    assert cause in error.message


def test_load_class_of_a_local_file_runs_it_once_and_says_so(tmp_path, caplog):
    file = tmp_path / "my_layers.py"
    file.write_text("class MyEncoder:\n    pass\n")
    registry = load_registry(choices(components={"encoder.mine": f"{file}:MyEncoder"}), found=[BUILT_IN])
    first = registry.load_class("encoder.mine")
    assert (first.__name__, registry.load_class("encoder.mine")) == ("MyEncoder", first)
    assert [record.getMessage() for record in caplog.records] == [f"encoder.mine runs the code of {file}"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [("raise OSError('no disk')", "OSError: no disk"), ("class (", "SyntaxError"), ("", "AttributeError")],
    ids=["raises", "syntax", "no_class"],
)
def test_load_class_of_a_failing_local_file_is_a_plugin_error(tmp_path, text, cause):
    file = tmp_path / "my_layers.py"
    file.write_text(text)
    registry = load_registry(choices(components={"encoder.mine": f"{file}:MyEncoder"}), found=[BUILT_IN])
    error = raised(registry.load_class, "encoder.mine")
    assert isinstance(error, PluginError)
    assert cause in error.message


def test_load_class_of_an_absent_local_file_names_it(tmp_path):
    registry = load_registry(choices(components={"encoder.mine": f"{tmp_path}/gone.py:MyEncoder"}), found=[BUILT_IN])
    assert raised(registry.load_class, "encoder.mine").message == f"encoder.mine: there is no file {tmp_path}/gone.py"


def test_local_component_of_a_built_in_name_clashes(tmp_path):
    registry = load_registry(choices(components={"encoder.identity": f"{tmp_path}/mine.py:Mine"}), found=[BUILT_IN])
    assert "two plugins provide encoder.identity" in raised(registry.resolve, "encoder.identity").message
