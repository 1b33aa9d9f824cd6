"""A rule of the conformance kit, and how its check says what it found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bstkit.testing.subject import Subject


@dataclass(frozen=True)
class Rule:
    """What every component promises in one respect.

    Args:
        name: in snake_case; a sentence about the component.
        summary: one line.
        module: `check(subject)` of this module raises `RuleBroken`, or `NotApplicable` where the contract of the kind
            leaves nothing to check. It is imported when the rule is checked, for it needs Keras.
    """

    name: str
    summary: str
    module: str

    def check(self, subject: Subject) -> None:
        """Check it.

        Raises:
            RuleBroken: the component breaks the rule.
            NotApplicable: nothing can be checked.
        """
        try:
            import_module(f"bstkit.testing.rules.{self.module}").check(subject)
        except NotApplicable:
            raise
        except RuleBroken as broken:
            broken.rule, broken.key = self.name, subject.key
            raise
        except Exception as error:  # nothing passes by not running
            text = " ".join(f"{type(error).__name__}: {error}".split())
            hint = getattr(error, "hint", "the component fails before this can be checked; see the first broken rule")
            raise RuleBroken(text, hint, self.name, subject.key) from error


class RuleBroken(AssertionError):
    """A component breaks a rule.

    Args:
        evidence: what was seen, with numbers.
        cause: what usually leads to that, and the cure.
        rule, key: of which component; `Rule.check` fills them in.
    """

    def __init__(self, evidence: str, cause: str, rule: str = "", key: str = "") -> None:
        super().__init__(evidence, cause)
        self.evidence = evidence
        self.cause = cause
        self.rule = rule
        self.key = key

    def __str__(self) -> str:
        head = f"{self.key} breaks {self.rule}: " if self.rule else ""
        return f"{head}{self.evidence}\nlikely cause: {self.cause}"


class NotApplicable(Exception):
    """The contract leaves nothing to check; the text says why."""
