"""The rules: one row each, one module each.

A new rule is a row here, a module with `check(subject)`, and a component in `tests/testing/broken.py` that breaks it.
"""

from __future__ import annotations

from collections.abc import Iterable

from bstkit.errors import ConfigError
from bstkit.spelling import did_you_mean
from bstkit.testing.rule import Rule

RULES = {
    rule.name: rule
    for rule in (
        Rule("declares_without_keras", "Its plugin lists it without importing TensorFlow, Keras or NumPy.", "declared"),
        Rule("builds_from_defaults", "Every parameter has a default, and a model is composed with them.", "defaults"),
        Rule("rejects_bad_arguments", "Unknown, untyped and senseless arguments are errors by name.", "arguments"),
        Rule("config_round_trips", "Keras's config holds every parameter, and makes an equal layer.", "config"),
        Rule("shape_matches_contract", "Its kind's shape, of any batch and any number of steps.", "shape"),
        Rule("padding_is_ignored", "What stands at masked steps, and how many there are, changes nothing.", "padding"),
        Rule("empty_history_is_finite", "A row without steps gives finite numbers, in float16 too.", "empty"),
        Rule("rows_are_independent", "A row's result does not depend on the rows beside it.", "rows"),
        Rule("inference_is_deterministic", "The same inputs give the same numbers outside training.", "deterministic"),
        Rule("every_weight_learns", "A gradient reaches every trainable weight.", "learning"),
        Rule("mixed_precision_trains", "A step in mixed_bfloat16 and in mixed_float16 stays finite.", "mixed"),
        Rule("reloads_in_a_new_process", "Saved, and loaded by another process, it gives the same numbers.", "reload"),
        Rule("exports_and_verifies", "ONNX Runtime gives TensorFlow's numbers on every case.", "export"),
        Rule("graph_is_portable", "Its graph has no Loop and no float64.", "portable"),
    )
}
"""Name -> rule, in the order in which they are checked."""


def chosen_rules(names: Iterable[str] | None) -> tuple[Rule, ...]:
    """Return the rules of these names, in the table's order; all where None.

    Raises:
        ConfigError: there is no such rule.
    """
    if names is None:
        return tuple(RULES.values())
    names = list(names)
    check_rules(names)
    return tuple(rule for rule in RULES.values() if rule.name in names)


def check_rules(names: Iterable[str]) -> None:
    """Raise ConfigError where one is no rule."""
    for name in names:
        if name not in RULES:
            raise ConfigError(
                f"no rule named '{name}'", did_you_mean(name, RULES) or f"the rules are {', '.join(RULES)}"
            )
