"""Which sequences a model has, and what each goes through.

A history whose every field is a column of the candidate takes the recipe's own slots, and meets the candidate. Any
other one, a multi-valued column for example, is averaged. `[model.branch.NAME]` or the recipe may say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bstkit.config.features import Features, History
from bstkit.config.selection import Selection, Stack, Use
from bstkit.errors import ComponentError
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class Branch:
    """One sequence of a model.

    Args:
        name: the history's name in features.toml.
        history: its table.
        stack: what it goes through.
        rules_prefix: before the names of the layers between inputs and components; empty for the first history that
            takes the recipe's own slots.
        components_prefix: the same for the layers of components; also empty where the branch has slots of its own,
            whose paths tell it.
        meets_candidate: the candidate has every field of the history.
        append: the candidate is one more step.
    """

    name: str
    history: History
    stack: Stack
    rules_prefix: str
    components_prefix: str
    meets_candidate: bool
    append: bool

    @property
    def max_steps(self) -> int:
        """The most steps that the sequence can have: sessions where it is cut, else steps and the candidate."""
        if self.stack.session is not None:
            return self.history.max_sessions
        return self.history.max_length + int(self.append)

    @property
    def uses(self) -> Iterator[tuple[Use, int]]:
        """Every component with the most steps that the sequence before it can have, in the order of calls."""
        if self.stack.session is not None:
            yield from ((use, self.history.session_length) for use in self.stack.session.uses)
        yield from ((use, self.max_steps) for use in self.stack.outer_uses)


def branches(selection: Selection, features: Features) -> tuple[Branch, ...]:
    """List the branches in the order of features.toml, in which they also reach the head.

    Args:
        selection: its own slots, and those of `branches`.
        features: the histories.

    Raises:
        ComponentError: a branch has no history, or no history has the fields of the candidate.
    """
    _check(selection, features)
    found = []
    first = True
    for name, history in features.history.items():
        meets = not missing_columns(history, features)
        own = selection.branches.get(name)
        shared = own is None and meets
        prefix = "" if shared and first else f"{name}_"
        first = first and not shared
        stack = own or (selection if meets else _multi_valued(name))
        append = selection.candidate == "append" and meets
        found.append(Branch(name, history, stack, prefix, prefix if shared else "", meets, append))
    return tuple(found)


def missing_columns(history: History, features: Features) -> dict[str, str]:
    """Map the fields of a history that the candidate lacks to their id space."""
    return {column: space for column, space in history.fields.items() if features.target.get(column) != space}


def _multi_valued(name: str) -> Stack:
    return Stack(pooling=(Use(key="pooling.mean", path=f"branch.{name}.pooling"),))


def _check(selection: Selection, features: Features) -> None:
    for name in selection.branches:
        if name not in features.history:
            hint = did_you_mean(name, features.history) or f"the histories are {', '.join(features.history)}"
            raise ComponentError(f"branch.{name}: features.toml has no history '{name}'", hint)
    lacking = [missing_columns(history, features) for history in features.history.values()]
    if all(lacking):
        column, space = next(iter(lacking[0].items()))
        raise ComponentError(
            f"the candidate has no column '{column}' of id space '{space}', which the history has",
            f'add it to features.toml:  [target] {column} = "{space}"',
        )
