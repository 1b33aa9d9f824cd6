"""Expected failures of `check_component` are strict, and what is asked for must exist."""

import pytest

from bstkit.errors import ComponentError, ConfigError
from bstkit.manager import BUILT_IN
from bstkit.registry import load_registry
from bstkit.testing import check_component
from tests.plugin_packages import entry_point

REASON = "padding counts here, as in the paper"


@pytest.fixture(scope="module")
def registry():
    return load_registry(found=[BUILT_IN, entry_point("mistakes", "1.0", "tests.testing.mistakes")])


def outcome(registry, key, rule):
    report = check_component(key, rules=[rule], expected_failures={rule: REASON}, registry=registry)
    [found] = report.outcomes
    return found.state, found.evidence, report.passed


def test_expected_failure_does_not_count_against_the_component(registry):
    assert outcome(registry, "pooling.reads_padding", "padding_is_ignored") == ("expected", REASON, True)


def test_expected_failure_that_holds_counts_against_the_component(registry):
    found = outcome(registry, "pooling.good_pooling", "padding_is_ignored")
    assert found == ("unexpected", f"said to be broken ({REASON}), but it holds", False)


def test_expected_failure_that_is_not_applicable_counts_against_the_component(registry):
    state, evidence, passed = outcome(registry, "pooling.mean", "every_weight_learns")
    assert (state, passed) == ("unexpected", False)
    assert evidence.endswith("it is not applicable: it has no trainable weights")


def test_rules_are_told_one_by_one_in_the_order_of_the_table(registry):
    told = []
    rules = ["config_round_trips", "rejects_bad_arguments"]
    report = check_component("pooling.mean", rules=rules, registry=registry, told=told.append)
    assert told == [one.rule for one in report.outcomes] == rules[::-1]
    assert report.cost is None


def test_local_file_is_checked_but_declares_nothing(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from bstkit.plugins.mean_pooling import MeanPooling\n\n\nclass Mine(MeanPooling):\n    pass\n"
    )

    class Choices:
        """What registry.toml says."""

        components = {"pooling.mine": f"{tmp_path / 'mine.py'}:Mine"}  # noqa: RUF012
        prefer: dict = {}  # noqa: RUF012
        disable = ()

    local = load_registry(Choices(), found=[BUILT_IN])
    report = check_component("pooling.mine", rules=["declares_without_keras", "rejects_bad_arguments"], registry=local)
    assert [one.state for one in report.outcomes] == ["not applicable", "passed"]


@pytest.mark.parametrize(
    ("key", "options", "kind"),
    [
        ("pooling.men", {}, ComponentError),
        ("pooling.mean", {"rules": ["padding"]}, ConfigError),
        ("pooling.mean", {"expected_failures": {"padding": "why"}}, ConfigError),
    ],
    ids=["component", "rule", "expected failure"],
)
def test_unknown_names_are_errors(registry, key, options, kind):
    with pytest.raises(kind) as caught:
        check_component(key, registry=registry, **options)
    assert caught.value.hint
