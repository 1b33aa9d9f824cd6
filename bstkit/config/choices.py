"""What `[train]` names beside components: optimizers and schedules, each with its parameters, for `list` and `show`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from bstkit.config.model import Table
from bstkit.config.optimizers import OPTIMIZERS
from bstkit.config.schedules import SCHEDULES
from bstkit.errors import ComponentError
from bstkit.spelling import did_you_mean

CHOICES: Mapping[str, tuple[type[Table], ...]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}
"""Key of `[train]` -> its forms."""


@dataclass(frozen=True)
class ChoiceParameter:
    """One parameter of a form: its name, its type as one reads it, its default and what it means."""

    name: str
    type: str
    default: Any
    meaning: str


def choice_name(form: type[Table]) -> str:
    """The name that `use` takes."""
    return str(form.model_fields["use"].default)


def choice_summary(form: type[Table]) -> str:
    """The first sentence of what it is."""
    return inspect.cleandoc(form.__doc__ or "").partition("\n")[0]


def find_choice(kind: str, name: str) -> type[Table]:
    """The form of that name.

    Raises:
        ComponentError: there is none.
    """
    forms = {choice_name(form): form for form in CHOICES[kind]}
    if name not in forms:
        shown = f"`bstkit list {kind}` shows all {len(forms)}"
        raise ComponentError(f"no {kind} named '{name}'", f"{did_you_mean(name, forms)} {shown}".strip())
    return forms[name]


def choice_parameters(form: type[Table]) -> tuple[ChoiceParameter, ...]:
    """Its parameters in order, `use` left out."""
    meanings = _meanings(form)
    return tuple(
        ChoiceParameter(name, _type(field.annotation), field.default, meanings.get(name, ""))
        for name, field in form.model_fields.items()
        if name != "use"
    )


def _type(annotation: Any) -> str:
    """A type without its bounds: `int | None`."""
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _type(inner[0])
    if inner:
        return " | ".join(map(_type, inner))
    return "None" if annotation is type(None) else str(annotation.__name__)


def _meanings(form: type) -> dict[str, str]:
    """Parameter -> what the docstring's `Args:` says of it; an entry may name several, and refer to another form's."""
    section = inspect.cleandoc(form.__doc__ or "").partition("Args:\n")[2]
    entries = re.findall(r"^    (\w+(?:, \w+)*):[ ]*(.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    said = {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}
    return {name: _resolved(name, text) for name, text in said.items()}


def _resolved(name: str, text: str) -> str:
    """`as Adam's.` becomes what Adam says of it."""
    refers = re.match(r"as (\w+)'s\.", text)
    if not refers:
        return text
    named = next(
        one for forms in CHOICES.values() for form in forms for one in form.__mro__ if one.__name__ == refers[1]
    )
    return _meanings(named)[name] + text[refers.end() :]
