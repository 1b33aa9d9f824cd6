"""Problems of configuration files: collect all, report them in one error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from bstkit.errors import BstkitError, ConfigError
from bstkit.spelling import did_you_mean

Path = tuple[str, ...]

Finding = tuple[str, str, str]
"""Dotted path, message and hint of a problem; which file has it is told by the one who asked."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration.

    Args:
        source: the file, flag or environment variable that says it.
        path: the dotted path in it; empty when the whole file is meant.
        message: what is wrong.
        hint: the nearest right name, or another next action; may be empty.
        error: the error behind it, when that one tells everything by itself.
    """

    source: str
    path: str
    message: str
    hint: str = ""
    error: BstkitError | None = None

    @property
    def line(self) -> str:
        """Source, path and message."""
        return ": ".join(part for part in (self.source, self.path, self.message) if part)


def raise_problems(problems: Sequence[Problem], hint: str) -> None:
    """Raise one ConfigError with every problem, one a line; nothing when there is none.

    Args:
        problems: what is wrong.
        hint: what to do, where a single problem does not say so itself.
    """
    if not problems:
        return
    if len(problems) > 1:
        lines = (f"{problem.line}; {problem.hint}" if problem.hint else problem.line for problem in problems)
        raise ConfigError("\n".join((f"{len(problems)} problems in the configuration", *lines)), hint)
    (problem,) = problems
    if problem.error is not None and problem.source.startswith("--"):
        raise problem.error
    raise ConfigError(problem.line, problem.hint or hint)


def validation_problems(
    error: ValidationError, model: type[BaseModel], source_of: Callable[[Path], str]
) -> list[tuple[Path, Problem]]:
    """Turn pydantic's errors into problems with dotted paths and nearest right names.

    Args:
        error: what validating raised.
        model: the model that was validated.
        source_of: path -> who said the value there.

    Returns:
        Each problem with the path of the offending value.
    """
    problems = []
    for detail in error.errors(include_url=False):
        path, siblings = _locate(model, detail["loc"])
        message, hint = _explain(detail, path, siblings)
        problems.append((path, Problem(source_of(path), dotted(path), message, hint)))
    return problems


def dotted(path: Path) -> str:
    """Write a path as TOML does, names with dots in quotes."""
    return ".".join(f'"{step}"' if "." in step else step for step in path)


def _explain(detail: Any, path: Path, siblings: Iterable[str]) -> tuple[str, str]:
    if detail["type"] == "extra_forbidden":
        what = "unknown table" if isinstance(detail["input"], dict) else "unknown key"
        return what, did_you_mean(path[-1], siblings) or f"known here: {', '.join(siblings)}"
    if detail["type"] == "missing":
        return "is missing", ""
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"]), ""
    if detail["type"] == "too_short":
        return "must not be empty", ""
    message = detail["msg"].replace("Input should be", "must be").replace("a valid dictionary", "a table")
    message = message.replace("a valid string", "a string").replace("a valid tuple", "a list")
    received = detail["input"]
    expected = detail.get("ctx", {}).get("expected", "")
    hint = did_you_mean(received, re.findall(r"'(\w+)'", expected)) if isinstance(received, str) else ""
    return f"{message}; received {received!r}", hint


def _locate(model: Any, location: tuple[int | str, ...]) -> tuple[Path, tuple[str, ...]]:
    """Translate pydantic's location into a path of the file, and list the names allowed where it ends."""
    path: list[str] = []
    names: tuple[str, ...] = ()
    annotation = model
    for step in location:
        if step == "[key]":  # the error is about the key itself
            break
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        tagged = _tagged_member(annotation, step)
        if tagged is not None:  # which form of a value was taken is no part of the file's path
            annotation = tagged
            continue
        path.append(str(step))
        names = ()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            names = tuple(fields)
            annotation = fields.get(str(step), Any)
        else:
            arguments = get_args(annotation)
            annotation = arguments[-1] if arguments else Any
    return tuple(path), names


def _tagged_member(annotation: Any, step: int | str) -> Any:
    """The member of a tagged union that `step` names, None when it names none."""
    if get_origin(annotation) not in (Union, UnionType):
        return None
    for member in get_args(annotation):
        if get_origin(member) is Annotated and Tag(str(step)) in get_args(member)[1:]:
            return get_args(member)[0]
    return None
