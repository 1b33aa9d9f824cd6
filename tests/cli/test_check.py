"""`bstkit check`: what it prints, and its exit codes."""

import pytest

from bstkit.manager import BUILT_IN
from bstkit.testing import RULES
from tests.plugin_packages import component, entry_point

LIGHT = ("--rule", "declares_without_keras", "--rule", "rejects_bad_arguments")


@pytest.fixture
def mistakes(packages):
    """The program finds the plugin of components with mistakes."""
    packages.found.append(entry_point("mistakes", "1.0", "tests.testing.mistakes"))
    return packages


def test_component_that_obeys_exits_0_with_a_row_for_each_rule_and_the_counts(run):
    ran = run("check", "pooling.last")
    assert ran.code == 0, ran.out
    for rule in RULES:
        assert f"\n{rule} " in ran.out
    assert ran.out.endswith("1 component, 14 rules checked: 13 passed, 1 not applicable\n")
    assert "times as long in ONNX Runtime as with pooling.mean" in ran.out


def test_broken_rule_exits_1_with_evidence_and_likely_cause(run, mistakes):
    ran = run("check", "pooling.reads_padding", "--rule", "padding_is_ignored")
    assert ran.code == 1
    assert "pooling.reads_padding breaks padding_is_ignored: with 10000 at masked steps" in ran.out
    assert "likely cause: `call` reads steps" in ran.out
    assert ran.out.endswith("1 component, 1 rules checked: 1 broken\n")


def test_several_components_are_a_table(run, mistakes):
    ran = run("check", "pooling.mean", "pooling.takes_any_rate", *LIGHT)
    assert ran.code == 1
    assert ran.out.splitlines()[0].split() == [
        *("component", "provider", "passed", "broken", "not", "applicable", "nodes", "own", "reference", "time")
    ]
    assert "pooling.takes_any_rate breaks rejects_bad_arguments: rate=nan is accepted" in ran.out
    assert ran.out.endswith("2 components, 4 rules checked: 3 passed, 1 broken\n")


def test_json_holds_every_outcome(run):
    ran = run("check", "pooling.mean", "--json", *LIGHT)
    assert ran.code == 0
    [component] = ran.json["components"]
    assert component["key"] == "pooling.mean"
    assert component["passed"] is True
    assert component["counts"] == {"passed": 2}
    assert [one["rule"] for one in component["outcomes"]] == list(LIGHT[1::2])


def test_all_counts_a_plugin_that_did_not_load_as_broken(run, packages, monkeypatch):
    packages.found.remove(BUILT_IN)
    packages.found.append(entry_point("heavy", "1.0", "tests.testing.heavy"))
    assert run("check", "--all", "--rule", "rejects_bad_arguments").code == 0
    packages.add_absent("absent")
    ran = run("check", "--all", "--rule", "rejects_bad_arguments")
    assert ran.code == 1
    assert "plugin absent 1.0 did not load, so none of its components was checked" in ran.out


def test_component_that_cannot_be_imported_breaks_the_rules_with_one_message(run, packages):
    packages.add("gone", component("pooling.gone"))
    ran = run("check", "pooling.gone", "--rule", "rejects_bad_arguments", "--rule", "config_round_trips")
    assert ran.code == 1
    assert ran.out.count("cannot be imported: ModuleNotFoundError") == 3  # two rows, one message
    assert "pooling.gone breaks rejects_bad_arguments, config_round_trips: " in ran.out


def test_nothing_passes_by_not_running(run):
    ran = run("check", "head.mlp", "--rule", "padding_is_ignored")
    assert ran.code == 1
    assert "nothing of head.mlp was checked: a head is given no steps" in ran.out


WRONG = {
    "name": (("pooling.man",), "no pooling named 'man'"),
    "kind": (("poling.mean",), "no kind named 'poling'"),
    "nothing": ((), "name components, or give --all"),
    "both": (("pooling.mean", "--all"), "--all goes without names"),
    "rule": (("pooling.mean", "--rule", "padding"), "no rule named 'padding'"),
    "twice": (("pooling.mean", "pooling.mean"), "pooling.mean is named twice"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_wrong_words_exit_2_with_a_hint(run, arguments, words):
    ran = run("check", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert "hint:  " in ran.err
