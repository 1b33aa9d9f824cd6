"""Each way of breaking a good component is seen by the rule that is there for it."""

import pytest

from bstkit.manager import BUILT_IN
from bstkit.registry import load_registry
from bstkit.testing import RULES, check_component
from tests.plugin_packages import entry_point
from tests.testing.mistakes import MISTAKES

HEAVY = ("declares_without_keras", "imports tensorflow, keras, numpy")


@pytest.fixture(scope="module")
def registry():
    found = [BUILT_IN, *(entry_point(name, "1.0", f"tests.testing.{name}") for name in ("mistakes", "heavy"))]
    return load_registry(found=found)


def test_good_component_obeys_every_rule(registry):
    report = check_component("pooling.good_pooling", registry=registry)
    assert {one.rule: (one.state, one.evidence) for one in report.outcomes} == dict.fromkeys(RULES, ("passed", ""))
    assert report.passed


@pytest.mark.parametrize(("name", "rule", "words"), [(k, *v) for k, v in {**MISTAKES, "heavy": HEAVY}.items()])
def test_mistake_breaks_its_rule(registry, name, rule, words):
    report = check_component(f"pooling.{name}", registry=registry, rules=[rule])
    [outcome] = report.outcomes
    assert (outcome.rule, outcome.state) == (rule, "broken"), outcome
    assert words in outcome.evidence
    assert len(outcome.cause) > 20
    assert not report.passed


def test_every_rule_has_a_mistake():
    assert {rule for rule, _ in (*MISTAKES.values(), HEAVY)} == set(RULES)
