"""The rules as tests: run by pytest itself, in a process of its own, over components with mistakes."""

import pytest

from bstkit.errors import BstkitError, ComponentError, ConfigError
from bstkit.manager import BUILT_IN
from bstkit.registry import load_registry
from bstkit.testing import RULES, RuleBroken, parametrize_with_rules
from tests.plugin_packages import entry_point


@pytest.fixture(scope="module")
def registry():
    return load_registry(found=[BUILT_IN, entry_point("mistakes", "1.0", "tests.testing.mistakes")])


def cases(registry, *keys, **options):
    """Test id -> what pytest would run."""

    def test(check):
        check()

    marked = parametrize_with_rules(*keys, registry=registry, **options)(test)
    [mark] = marked.pytestmark
    return {case.id: case for case in mark.args[1]}


def test_every_rule_is_a_test(registry):
    made = cases(registry, "pooling.good_pooling", "pooling.mean")
    assert list(made) == [f"{key}-{rule}" for key in ("pooling.good_pooling", "pooling.mean") for rule in RULES]
    assert not any(case.marks for case in made.values())


def test_broken_rule_fails_with_rule_evidence_and_cause(registry):
    [check] = cases(registry, "pooling.reads_padding")["pooling.reads_padding-padding_is_ignored"].values
    with pytest.raises(RuleBroken) as caught:
        check()
    first, cause = str(caught.value).splitlines()
    assert first.startswith("pooling.reads_padding breaks padding_is_ignored: with 10000 at masked steps")
    assert cause.startswith("likely cause: `call` reads steps that the mask hides")


def test_rule_without_anything_to_check_is_skipped_with_the_reason(registry):
    [check] = cases(registry, "pooling.mean")["pooling.mean-every_weight_learns"].values
    with pytest.raises(pytest.skip.Exception, match="not applicable: it has no trainable weights"):
        check()


def test_expected_failure_is_strict_and_only_of_its_rule(registry):
    reason = "padding counts here, as in the paper"
    made = cases(
        registry,
        "pooling.reads_padding",
        expected_failures={"pooling.reads_padding": {"padding_is_ignored": reason}},
    )
    marked = {name: case.marks for name, case in made.items() if case.marks}
    [(name, (mark,))] = marked.items()
    assert name == "pooling.reads_padding-padding_is_ignored"
    assert (mark.name, mark.kwargs) == ("xfail", {"reason": reason, "raises": RuleBroken, "strict": True})


def test_rule_that_is_said_to_be_broken_but_not_applicable_is_an_error(registry):
    made = cases(registry, "pooling.mean", expected_failures={"pooling.mean": {"every_weight_learns": "no weights"}})
    [check] = made["pooling.mean-every_weight_learns"].values
    with pytest.raises(ValueError, match="said to be broken, but is not applicable"):
        check()


def test_parameters_reach_the_component(registry):
    made = cases(registry, "pooling.good_pooling", parameters={"pooling.good_pooling": {"units": 0}})
    [check] = made["pooling.good_pooling-shape_matches_contract"].values
    with pytest.raises(RuleBroken, match="`units` must be at least 1"):
        check()


WRONG = {
    "component": (("pooling.good_poling",), {}, ComponentError, "no pooling named 'good_poling'"),
    "twice": (("pooling.mean", "pooling.mean"), {}, ComponentError, "named twice"),
    "rule": (
        ("pooling.mean",),
        {"expected_failures": {"pooling.mean": {"padding_ignored": "x"}}},
        ConfigError,
        "no rule named 'padding_ignored'",
    ),
    "parameters": (
        ("pooling.mean",),
        {"parameters": {"pooling.man": {}}},
        ComponentError,
        "parameters of 'pooling.man', which is not checked",
    ),
    "failures": (
        ("pooling.mean",),
        {"expected_failures": {"pooling.sum": {}}},
        ComponentError,
        "expected failures of 'pooling.sum', which is not checked",
    ),
}


@pytest.mark.parametrize(("keys", "options", "kind", "words"), WRONG.values(), ids=WRONG)
def test_what_does_not_exist_is_an_error_while_tests_are_collected(registry, keys, options, kind, words):
    with pytest.raises(kind) as caught:
        cases(registry, *keys, **options)
    assert words in caught.value.message
    assert isinstance(caught.value, BstkitError)
    assert caught.value.hint


def test_nothing_to_check_is_an_error(registry):
    with pytest.raises(ValueError, match="`keys` must name a component"):
        cases(registry)
