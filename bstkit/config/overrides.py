"""What environment and flags lay over the files: slots and `path=value` settings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bstkit.config.document import Document
from bstkit.config.problems import Problem
from bstkit.config.registry_file import NAMED_SETTINGS, RECIPE_KEYS
from bstkit.config.selection import ExportSettings, TrainSettings
from bstkit.contracts import SLOTS, STACK_SLOTS
from bstkit.spelling import did_you_mean, nearest

TABLES = {"train": tuple(TrainSettings.model_fields), "export": tuple(ExportSettings.model_fields)}
MODEL_KEYS = ("recipe", *RECIPE_KEYS)

_PATHS = (*MODEL_KEYS, *(f"{table}.{key}" for table, keys in TABLES.items() for key in keys))


@dataclass(frozen=True)
class Override:
    """One parameter that `--set` or BSTKIT_SET gives to a component.

    Args:
        component: the component's dotted path as it was written: `"encoder.1"`, `"branch.tags.pooling"`.
        parameter: the constructor's argument.
        value: the parsed value.
        label: the flag or the variable.
    """

    component: str
    parameter: str
    value: Any
    label: str

    @property
    def path(self) -> str:
        """The whole path."""
        return f"{self.component}.{self.parameter}"


def apply_environment(document: Document, environ: Mapping[str, str], problems: list[Problem]) -> list[Override]:
    """Lay the BSTKIT_ variables over the files; an empty variable counts as not set.

    Args:
        document: the merged files, edited in place.
        environ: the environment.
        problems: where problems are added.

    Returns:
        The parameters that BSTKIT_SET gives.
    """
    for key in MODEL_KEYS:
        variable = f"BSTKIT_{key.upper()}"
        if environ.get(variable):
            _put_slot(document, key, environ[variable], f"environment {variable}", problems)
    settings = [text for text in environ.get("BSTKIT_SET", "").split(";") if text.strip()]
    return _apply_settings(document, settings, "environment BSTKIT_SET", problems)


def apply_flags(
    document: Document,
    recipe: str | None,
    slots: Mapping[str, str],
    settings: Sequence[str],
    problems: list[Problem],
) -> list[Override]:
    """Lay the flags over everything else.

    Args:
        document: files and environment merged, edited in place.
        recipe: `--recipe`.
        slots: slot -> what its flag says; `"candidate"` counts as one.
        settings: each `--set`.
        problems: where problems are added.

    Returns:
        The parameters that `--set` gives.
    """
    if recipe is not None:
        document.put(("model", "recipe"), recipe, "--recipe")
    for slot, text in slots.items():
        if slot in RECIPE_KEYS:
            _put_slot(document, slot, text, f"--{slot}", problems)
        else:
            problems.append(Problem(f"--{slot}", "", f"no slot named '{slot}'", did_you_mean(slot, RECIPE_KEYS)))
    return _apply_settings(document, settings, "--set", problems)


def parse_value(text: str) -> Any:
    """Parse a setting's value as TOML, else take it as a bare string.

    Raises:
        ValueError: it opens a list, a table or a quoted string that is not valid TOML.
    """
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        if text.startswith(("[", "{", '"', "'")):
            raise ValueError(f"{text} is not valid TOML") from error
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _put_slot(document: Document, slot: str, text: str, label: str, problems: list[Problem]) -> None:
    value: Any = text
    if text.startswith(("[", "{")):  # a list of components, or one with parameters, as registry.toml writes them
        try:
            value = parse_value(text)
        except ValueError as error:
            problems.append(Problem(label, "", str(error)))
            return
    document.put(("model", slot), value, label)


def _apply_settings(document: Document, settings: Iterable[str], label: str, problems: list[Problem]) -> list[Override]:
    overrides = []
    for setting in settings:
        path, equals, text = setting.partition("=")
        try:
            if not equals:
                raise ValueError("a setting has the form path=value")
            override = _apply(document, path.strip(), parse_value(text.strip()), label)
        except ValueError as error:
            problems.append(Problem(label, path.strip(), str(error), _nearest_path(path.strip())))
            continue
        if override is not None:
            overrides.append(override)
    return overrides


def _apply(document: Document, path: str, value: Any, label: str) -> Override | None:
    """Put one setting where it belongs; a component's parameter is returned, for its slot is not known yet."""
    first, *rest = path.split(".")
    if first in MODEL_KEYS and not rest:
        document.put(("model", first), value, label)
        return None
    if first in TABLES and rest:
        _open_name(document, (first, *rest[:-1]))
        document.put((first, *rest), value, label)
        return None
    if first == "branch" and len(rest) == 2 and rest[1] in ("session", *STACK_SLOTS):
        document.put(("model", "branch", *rest), value, label)
        return None
    if rest and not rest[-1].isdigit() and _names_component([first, *rest[:-1]]):
        return Override(".".join([first, *rest[:-1]]), rest[-1], value, label)
    raise ValueError("no such setting")


def _open_name(document: Document, path: tuple[str, ...]) -> None:
    """Turn the name in a named setting into a table, so that a parameter can stand beside it."""
    name = document.get(path)
    if path in NAMED_SETTINGS and not isinstance(name, dict):
        document.put(path, {"use": name}, document.origin(path))


def _names_component(parts: list[str]) -> bool:
    """Whether a path is of the form that components have: a slot, also inside a session, a branch, a pooling."""
    if parts[0] == "branch":
        return len(parts) > 2 and _names_component_of_stack(parts[2:])
    return parts == ["head"] or _names_component_of_stack(parts)


def _names_component_of_stack(parts: list[str]) -> bool:
    slot, *rest = parts
    if slot == "session":
        return bool(rest) and _names_component_of_stack(rest)
    if slot not in STACK_SLOTS:
        return False
    rest = rest[1:] if rest and rest[0].isdigit() else rest
    return not rest or (slot == "pooling" and _names_component_of_stack(rest))


def _nearest_path(path: str) -> str:
    first, _, rest = path.partition(".")
    ends_so = [known for known in _PATHS if known.endswith(f".{path}")]
    if ends_so:
        return f"did you mean '{ends_so[0]}'?"
    if first in SLOTS and rest:
        index = rest.partition(".")[0]
        right = f"{first}.{index}.<parameter>" if index.isdigit() else f"{first}.{rest.rpartition('.')[2]}"
        return f"did you mean '{right}'?" if right != path else ""
    match = nearest(first, ("model", *MODEL_KEYS, *TABLES))
    if match == "model" and rest:
        return f"did you mean '{rest}'?"
    if match in TABLES:
        key = nearest(rest, TABLES[match]) or TABLES[match][0]
        return f"did you mean '{match}.{key}'?"
    if match and match != path:
        return f"did you mean '{match}{'.' + rest if rest and match in SLOTS else ''}'?"
    return "" if match else f"settings begin with {', '.join((*MODEL_KEYS, *TABLES))}"
