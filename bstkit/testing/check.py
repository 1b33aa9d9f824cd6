"""Check components against the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bstkit.errors import ComponentError
from bstkit.registry import Registry, load_registry
from bstkit.spelling import did_you_mean
from bstkit.testing.outcome import ComponentReport, Cost, Outcome
from bstkit.testing.rule import NotApplicable, Rule, RuleBroken
from bstkit.testing.rules import check_rules, chosen_rules

if TYPE_CHECKING:
    from bstkit.testing.subject import Subject


def check_component(
    key: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    rules: Iterable[str] | None = None,
    registry: Registry | None = None,
    told: Callable[[str], None] | None = None,
) -> ComponentReport:
    """Check one component against the rules.

    Args:
        key: `kind.name`.
        parameters: constructor argument -> value; what is left out has its default.
        expected_failures: rule -> why it is broken. Strict: one that holds after all counts against the component.
        rules: names of the rules to check. Defaults to all.
        registry: where the component comes from. Defaults to everything installed.
        told: called with each rule's name before it is checked.

    Raises:
        ConfigError: there is no such rule.
        ComponentError, PluginError: there is no such component, or its plugin did not load.
    """
    chosen = chosen_rules(rules)
    expected = dict(expected_failures or {})
    check_rules(expected)
    registry = registry or load_registry()
    registry.resolve(key)
    from bstkit.testing.subject import Subject

    subject = Subject(key, registry, dict(parameters or {}))
    outcomes = []
    for rule in chosen:
        if told is not None:
            told(rule.name)
        outcomes.append(_outcome(rule, subject, expected.get(rule.name)))
    return ComponentReport(key, subject.provided.provider, tuple(outcomes), _cost(subject, outcomes))


def check_keys(keys: Sequence[str], registry: Registry) -> None:
    """Raise ComponentError or PluginError where one is no component; imports nothing heavy."""
    for key in keys:
        registry.resolve(key)
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ComponentError(f"{twice[0]} is named twice", "name each component once")


def check_names(keys: Sequence[str], by_key: Mapping[str, Any], what: str) -> None:
    """Raise ComponentError where something is said of a component that is not checked."""
    for key in by_key:
        if key not in keys:
            hint = did_you_mean(key, keys) or f"what is checked: {', '.join(keys)}"
            raise ComponentError(f"{what} of '{key}', which is not checked", hint)


def _outcome(rule: Rule, subject: Subject, reason: str | None) -> Outcome:
    try:
        rule.check(subject)
    except NotApplicable as why:
        if reason is not None:
            return Outcome(rule.name, "unexpected", f"said to be broken ({reason}), but it is not applicable: {why}")
        return Outcome(rule.name, "not applicable", str(why))
    except RuleBroken as broken:
        if reason is not None:
            return Outcome(rule.name, "expected", reason)
        return Outcome(rule.name, "broken", broken.evidence, broken.cause)
    if reason is not None:
        return Outcome(rule.name, "unexpected", f"said to be broken ({reason}), but it holds", "take it off the list")
    return Outcome(rule.name, "passed")


def _cost(subject: Subject, outcomes: Sequence[Outcome]) -> Cost | None:
    """Measured where the export was checked, and passed."""
    if Outcome("exports_and_verifies", "passed") not in outcomes:
        return None
    from bstkit.testing.cost import cost

    return cost(subject)
