"""The rules as tests of pytest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from bstkit.errors import BstkitError
from bstkit.registry import Registry, load_registry
from bstkit.testing.check import check_keys, check_names
from bstkit.testing.rule import NotApplicable, Rule, RuleBroken
from bstkit.testing.rules import RULES, check_rules

if TYPE_CHECKING:
    from bstkit.testing.subject import Subject


class MissingPytestError(BstkitError):
    """The decorator needs pytest, which bstkit does not bring along."""


@dataclass
class _Component:
    """A component whose layers all its tests share."""

    key: str
    parameters: Mapping[str, Any]
    registry: Registry | None

    @cached_property
    def subject(self) -> Subject:
        from bstkit.testing.subject import Subject

        return Subject(self.key, self.registry or _installed(), self.parameters)


@dataclass(frozen=True)
class Check:
    """One rule of one component; call it.

    Args:
        component: what is checked.
        rule: the rule.
        expected: whether the rule is said to be broken.
    """

    component: _Component
    rule: Rule
    expected: bool

    def __call__(self) -> None:
        """Check the rule.

        Raises:
            RuleBroken: the component breaks it.
        """
        import pytest

        try:
            self.rule.check(self.component.subject)
        except NotApplicable as why:
            if self.expected:
                raise ValueError(f"{self.rule.name} is said to be broken, but is not applicable: {why}") from why
            pytest.skip(f"not applicable: {why}")  # the kind's contract says so, never the component


def parametrize_with_rules(
    *keys: str,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    expected_failures: Mapping[str, Mapping[str, str]] | None = None,
    registry: Registry | None = None,
) -> Callable[[Any], Any]:
    """Make a test of every rule for every component. The test takes `check`, and calls it.

    ```python
    @parametrize_with_rules("encoder.mamba")
    def test_obeys_the_rules(check):
        check()
    ```

    A rule that the contract of a kind leaves without anything to check is skipped, and the skip says why.

    Args:
        keys: `kind.name` of each component.
        parameters: key -> constructor argument -> value; what is left out has its default.
        expected_failures: key -> rule -> why it is broken. Strict: a rule that holds after all fails its test.
        registry: where the components come from. Defaults to everything installed.

    Raises:
        ComponentError, PluginError: a component does not exist or did not load; or something is said of one that is not
            among the keys.
        ConfigError: there is no such rule.
        MissingPytestError: pytest is not installed.
    """
    try:
        import pytest
    except ImportError as error:
        raise MissingPytestError("the rules as tests need pytest", "pip install pytest") from error
    parameters, expected_failures = parameters or {}, expected_failures or {}
    if not keys:
        raise ValueError("`keys` must name a component. Received: nothing")
    check_keys(keys, registry or _installed())
    check_names(keys, parameters, "parameters")
    check_names(keys, expected_failures, "expected failures")
    made = []
    for key in keys:
        expected = expected_failures.get(key, {})
        check_rules(expected)
        component = _Component(key, dict(parameters.get(key, {})), registry)
        for rule in RULES.values():
            marks = []
            if rule.name in expected:  # the author's word; strict, and for this rule alone
                marks.append(pytest.mark.xfail(reason=expected[rule.name], raises=RuleBroken, strict=True))
            check = Check(component, rule, rule.name in expected)
            made.append(pytest.param(check, id=f"{key}-{rule.name}", marks=marks))
    return pytest.mark.parametrize("check", made)


@cache
def _installed() -> Registry:
    return load_registry()
