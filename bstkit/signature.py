"""A component's constructor as its schema: names, types, defaults, meanings."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic_core import PydanticSerializationError, to_json

from bstkit.config.problems import Problem
from bstkit.contracts import RESERVED_PARAMETERS
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component.

    Args:
        name: its name.
        annotation: its type; `Any` where the constructor gives none.
        default: its default; None where it is required.
        required: whether the constructor has no default.
        meaning: what the class's docstring says.
    """

    name: str
    annotation: Any
    default: Any
    required: bool
    meaning: str = ""

    @property
    def type(self) -> str:
        """The annotation as one reads it in code."""
        text = "any" if self.annotation is Any else inspect.formatannotation(self.annotation)
        return re.sub(r"\b(typing|collections\.abc)\.", "", text)


def parameters(component: type) -> tuple[Parameter, ...]:
    """List a component's parameters in the constructor's order, without those that compose gives or Keras owns."""
    constructor = _constructor(component)
    if constructor is None:
        return ()
    annotations = _annotations(constructor)
    meanings = _meanings(component)
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(
        Parameter(
            name,
            annotations.get(name, Any),
            None if found.default is inspect.Parameter.empty else found.default,
            found.default is inspect.Parameter.empty,
            meanings.get(name, ""),
        )
        for name, found in inspect.signature(constructor).parameters.items()
        if found.kind not in variable and name not in RESERVED_PARAMETERS
    )


def check_parameters(
    component: type, values: Mapping[str, Any], where: str, origins: Mapping[str, str] | None = None
) -> list[Problem]:
    """Compare values with the constructor's signature.

    Scalars are strict, except that an integer passes for a float; a TOML list passes for any kind of sequence.

    Args:
        component: the class.
        values: parameter -> value.
        where: the slot's dotted path, for the problems.
        origins: dotted path -> who said the value, for the problems.

    Returns:
        Every problem; empty when the constructor takes the values.
    """
    known = {parameter.name: parameter for parameter in parameters(component)}
    origins = origins or {}
    problems = []
    for name, value in values.items():
        path = f"{where}.{name}"
        source = origins.get(path, "")
        if name not in known:
            hint = did_you_mean(name, known) or f"it takes {', '.join(known) or 'no parameters'}"
            problems.append(Problem(source, path, f"{component.__name__} has no parameter '{name}'", hint))
            continue
        fault = _fault(known[name].annotation, value)
        if fault:
            problems.append(Problem(source, path, f"{fault}; received {value!r}", f"its type is {known[name].type}"))
    missing = [name for name, parameter in known.items() if parameter.required and name not in values]
    source = origins.get(where, "")
    problems += [
        Problem(source, f"{where}.{name}", f"{component.__name__} needs this parameter", f"--set {where}.{name}=...")
        for name in missing
    ]
    return problems


def _constructor(component: type) -> Any:
    """The `__init__` that the component's author wrote, None where only Keras's own is left."""
    for owner in component.__mro__:
        if "__init__" in vars(owner):
            own = owner is not object and not (owner.__name__ == "Layer" and owner.__module__.startswith("keras."))
            return vars(owner)["__init__"] if own else None
    return None


def _annotations(constructor: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(constructor, include_extras=True)
    except (NameError, TypeError, AttributeError):  # a name that exists only while type checking
        return {}


def _fault(annotation: Any, value: Any) -> str:
    """What is wrong with a value, an empty string when nothing is, or when the type cannot be checked."""
    try:
        # JSON's rules are TOML's: a list is the only sequence, and 1 is a number like 1.0.
        TypeAdapter(annotation).validate_json(to_json(value, inf_nan_mode="constants"), strict=True)
    except ValidationError as error:
        faults = dict.fromkeys(detail["msg"].replace("Input should be", "must be") for detail in error.errors())
        return " or ".join(faults).replace("a valid array", "a list")
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticSerializationError):
        return ""  # the constructor itself is the judge of types that pydantic does not know
    return ""


def _meanings(component: type) -> dict[str, str]:
    """Parameter -> text of the docstring's `Args:` section, the class's own words over its bases'."""
    meanings: dict[str, str] = {}
    for owner in reversed(component.__mro__):
        if owner.__module__.startswith("keras."):
            continue
        section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", inspect.cleandoc(owner.__doc__ or ""), re.MULTILINE)
        if section:
            entries = re.findall(r"^    (\w+):[ ]*((?:.*)(?:\n {5,}.*)*)", section[1], re.MULTILINE)
            meanings |= {name: " ".join(text.split()) for name, text in entries}
    return meanings
