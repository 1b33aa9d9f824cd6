"""A model that is composed again: which of its components are missing, and which come from elsewhere now."""

import hashlib
import logging
from importlib.metadata import version
from pathlib import Path

import pytest

from bstkit.config.selection import Use
from bstkit.errors import ComponentError, PluginError
from bstkit.supplier import recorded
from bstkit.supply_check import check_supplied, registry_for
from bstkit.version import __version__
from tests.plugin_packages import Packages, component

RUN = Path("runs/june")
THEN = {
    "encoder.gated": "bstkit-gru 0.2.0",
    "pooling.gated": "bstkit-gru 0.2.0",
    "position.hull": "bstkit-hull 1.0",
    "head.mlp": f"bstkit {__version__}",
}


@pytest.fixture
def selection(small_selection):
    """Three components of two plugins, and a built-in one."""
    position, encoder, pooling, _ = (
        Use(key=key, path=key.partition(".")[0])
        for key in ("position.hull", "encoder.gated", "pooling.gated", "head.mlp")
    )
    return small_selection.model_copy(update={"position": position, "encoder": (encoder,), "pooling": (pooling,)})


@pytest.fixture
def packages(monkeypatch):
    """Plugin packages that are found as if they were installed."""
    found = Packages(monkeypatch)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: found.found)
    return found


@pytest.fixture
def gru(packages):
    """Add bstkit-gru in some version."""

    def add(number="0.2.0", name="bstkit-gru"):
        packages.add(name, component("encoder.gated"), component("pooling.gated"), version=number)

    return add


@pytest.fixture
def hull(packages):
    packages.add("bstkit-hull", component("position.hull"))


@pytest.fixture
def told(caplog):
    """What was logged, as (level, text)."""
    caplog.set_level(logging.INFO, "bstkit")
    return lambda: [(one.levelname, one.getMessage()) for one in caplog.records]


def checked(selection, then=THEN):
    return registry_for(RUN, selection, recorded(then))


def refusal(selection, then=THEN):
    with pytest.raises(PluginError) as caught:
        checked(selection, then)
    with pytest.raises(PluginError) as again:
        check_supplied(RUN, selection, recorded(then))
    assert again.value.message == caught.value.message
    assert caught.value.exit_code == 2
    return caught.value.message.split("\n  "), caught.value.hint


def test_same_suppliers_are_not_worth_a_word(selection, gru, hull, told):
    gru()
    registry = checked(selection)
    assert registry.resolve("encoder.gated").distribution == "bstkit-gru"
    assert told() == []


def test_all_that_is_not_installed_is_told_at_once(selection, packages):
    assert refusal(selection) == (
        [
            "runs/june needs components that are not here:",
            "position.hull: from bstkit-hull 1.0, which is not installed",
            "encoder.gated, pooling.gated: from bstkit-gru 0.2.0, which is not installed",
        ],
        'pip install "bstkit-hull==1.0" "bstkit-gru==0.2.0"',
    )


def test_version_that_lacks_a_component_is_named(selection, hull, packages):
    packages.add("bstkit-gru", component("encoder.gated"), version="0.9")
    lines, hint = refusal(selection)
    assert lines[1:] == ["pooling.gated: from bstkit-gru 0.2.0, of which 0.9 is installed and has none"]
    assert hint == 'pip install "bstkit-gru==0.2.0"'


def test_installed_distribution_that_is_no_plugin_any_more_is_named(selection, gru, packages):
    gru()
    installed = version("pluggy")
    lines, hint = refusal(selection, {**THEN, "position.hull": "pluggy 0.1"})
    assert lines[1:] == [f"position.hull: from pluggy 0.1, of which {installed} is installed and has none"]
    assert hint == 'pip install "pluggy==0.1"'


@pytest.mark.parametrize(
    ("number", "hint"),
    [("0.2.0", "repair bstkit-gru; `bstkit plugins` shows every plugin"), ("0.3", 'pip install "bstkit-gru==0.2.0"')],
)
def test_broken_plugin_is_told_with_its_cause(selection, hull, packages, number, hint):
    packages.add_absent("bstkit-gru", number)
    lines, said = refusal(selection)
    [line] = lines[1:]
    assert line.startswith(f"encoder.gated, pooling.gated: from bstkit-gru 0.2.0, of which {number} is broken: Module")
    assert said == hint


def test_disabled_plugin_is_to_be_enabled(selection, hull, gru):
    gru()
    lines, hint = refusal(selection.model_copy(update={"disable": ("bstkit_gru",)}))
    assert lines[1:] == ["encoder.gated, pooling.gated: from bstkit-gru 0.2.0, which is disabled in registry.toml"]
    assert hint == "enable bstkit-gru again"


def test_other_version_is_one_warning_with_all_components(selection, hull, gru, told):
    gru("0.3.0")
    checked(selection)
    assert told() == [
        (
            "WARNING",
            "components of runs/june come from elsewhere now; scores may differ:\n"
            "  encoder.gated, pooling.gated: bstkit-gru 0.2.0 then, bstkit-gru 0.3.0 now\n"
            '  for the former ones: pip install "bstkit-gru==0.2.0"',
        )
    ]


def test_other_distribution_is_a_warning(selection, hull, gru, told):
    gru("7", "gates")
    checked(selection)
    [(level, text)] = told()
    assert level == "WARNING"
    assert "encoder.gated, pooling.gated: bstkit-gru 0.2.0 then, gates 7 now" in text


def test_recorded_distribution_is_taken_of_several(selection, hull, gru, told):
    gru()
    gru("7", "gates")
    registry = checked(selection)
    assert registry.resolve("encoder.gated").provider == "bstkit-gru 0.2.0"
    assert told() == []


def test_preferred_distribution_that_is_gone_is_missed(selection, hull, gru):
    gru("7", "gates")
    preferring = selection.model_copy(update={"prefer": {"encoder.gated": "bstkit-gru"}})
    lines, hint = refusal(preferring)
    assert lines[1:] == ["encoder.gated: from bstkit-gru 0.2.0, which is not installed"]
    assert hint == 'pip install "bstkit-gru==0.2.0"'


BUILT_IN = {
    "earlier recorded": ("0.0.1", "INFO", "built-in components compute the same"),
    "later recorded": ("99.0", "WARNING", "which is earlier"),
    "checkout recorded": ("99.0+checkout", "INFO", "built-in components compute the same"),
    "nonsense recorded": ("old", "WARNING", "which is earlier"),
}


@pytest.mark.parametrize(("number", "level", "words"), BUILT_IN.values(), ids=BUILT_IN)
def test_another_bstkit_is_a_note_unless_it_is_an_earlier_one(selection, hull, gru, told, number, level, words):
    gru()
    checked(selection, {**THEN, "head.mlp": f"bstkit {number}"})
    [(said, text)] = told()
    assert (said, words in text, f"bstkit {number}" in text) == (level, True, True)


def test_unrecorded_components_are_resolved_as_ever(selection, hull, gru, told):
    with pytest.raises(ComponentError, match="no encoder named 'gated'"):
        checked(selection, {})
    gru("0.3.0")
    checked(selection, {})
    assert told() == []


@pytest.fixture
def mine(selection, hull, gru, tmp_path):
    """The encoder of a local file: the selection, the file, its record."""
    gru()
    file = tmp_path / "mine.py"
    file.write_text("class Mine: ...\n")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    own = selection.model_copy(
        update={"encoder": (Use(key="encoder.mine", path="encoder"),), "components": {"encoder.mine": f"{file}:Mine"}}
    )
    return own, file, {**THEN, "encoder.mine": f"{file} sha256:{digest}"}


def test_changed_file_is_a_warning(mine, told):
    selection, file, then = mine
    checked(selection, then)
    assert told() == []
    file.write_text("class Mine:\n    other = True\n")
    checked(selection, then)
    [(level, text)] = told()
    assert level == "WARNING"
    assert f"encoder.mine: {file} was changed since, SHA-256 " in text


def test_file_of_an_earlier_record_has_no_digest_to_compare(mine, told):
    selection, file, then = mine
    checked(selection, {**then, "encoder.mine": str(file)})
    assert told() == []


def test_file_that_is_gone_is_missed(mine):
    selection, file, then = mine
    file.unlink()
    lines, hint = refusal(selection, then)
    assert lines[1:] == [f"encoder.mine: from {file}, a file that is gone"]
    assert hint == "put it back, or correct [components] in runs/june/selection.toml"
