"""What of the plugin contract goes away, and what takes its place. Today nothing does.

One row of the table serves everything: `bstkit plugins` shows who relies on it, a warning comes when that is used, the
old name keeps working by translation until the version that removes it, and from then on its user is "made for an older
contract". docs/stability.md has the promises, and what to do beside adding a row.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bstkit import contracts

What = Literal["tensor", "hook", "argument", "field"]


@dataclass(frozen=True)
class Deprecation:
    """One thing that goes away.

    Args:
        what: `"tensor"` that a `call` names, `"hook"`, `"argument"` of a hook, or `"field"` of Component.
        name: its old name; an argument's as `hook.argument`.
        since: the contract version that brought the replacement.
        removed: the contract version in which the old name stops working.
        replacement: the new name; for an argument without its hook.
    """

    what: What
    name: str
    since: int
    removed: int
    replacement: str

    def __post_init__(self) -> None:
        if not 1 < self.since < self.removed:
            raise ValueError(f"{self.name}: a thing is removed a version after it is deprecated; received {self!r}")

    @property
    def is_removed(self) -> bool:
        """Whether the old name no longer works."""
        return self.removed <= contracts.CONTRACT_VERSION

    @property
    def text(self) -> str:
        """What happened, and what to do, in one line."""
        label = {
            "tensor": f"tensor `{self.name}` of a call",
            "hook": f"hook {self.name}",
            "argument": f"argument `{self.name.partition('.')[2]}` of hook {self.name.partition('.')[0]}",
            "field": f"field `{self.name}` of Component",
        }[self.what]
        if self.is_removed:
            return f"{label} was removed in contract {self.removed}: use `{self.replacement}`"
        return (
            f"{label} is deprecated since contract {self.since}: use `{self.replacement}`; "
            f"contract {self.removed} is without it"
        )


DEPRECATIONS: tuple[Deprecation, ...] = ()
"""Every deprecation that was ever made; a row stays when its thing is removed, for the error that says so."""


def find(what: What, name: str) -> Deprecation | None:
    """The row of an old name, None for a name that is not deprecated."""
    return next((row for row in DEPRECATIONS if (row.what, row.name) == (what, name)), None)


def old_names(what: What, replacement: str) -> list[str]:
    """The old names that still stand for a new one; for an argument `hook.new` gives `hook.old`."""
    hook = f"{replacement.rpartition('.')[0]}." if what == "argument" else ""
    return [
        row.name
        for row in DEPRECATIONS
        if row.what == what
        and not row.is_removed
        and row.name.startswith(hook)
        and hook + row.replacement == replacement
    ]


def current_tensors(named: Iterable[str]) -> dict[str, str]:
    """Map the tensors that a call names to what they are called now.

    Where a call names the old and the new one, to work with both, the old one means nothing.
    """
    names = list(named)
    current = {}
    for name in names:
        row = find("tensor", name)
        old = row is not None and not row.is_removed and row.replacement not in names
        current[name] = row.replacement if row is not None and old else name
    return current


def in_call(component: type) -> list[Deprecation]:
    """The rows of the tensors that a component's `call` names and something has replaced, removed ones included."""
    call = getattr(component, "call", None)
    names = inspect.signature(call).parameters if callable(call) else ()
    rows = [find("tensor", name) for name in names]
    return [row for row in rows if row is not None and row.replacement not in names]


def with_old_arguments(hook: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A hook's arguments, also by the names that they had."""
    given = dict(arguments)
    for name, value in arguments.items():
        given |= {old.partition(".")[2]: value for old in old_names("argument", f"{hook}.{name}")}
    return given
