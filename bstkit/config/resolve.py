"""Files, environment and flags -> one checked Selection."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from bstkit.config.document import Document
from bstkit.config.layers import read_layers
from bstkit.config.model import Table
from bstkit.config.overrides import TABLES, Override, apply_environment, apply_flags
from bstkit.config.problems import Problem, dotted, raise_problems, validation_problems
from bstkit.config.registry_file import PluginTable, RegistryFile
from bstkit.config.selection import ExportSettings, Selection, TrainSettings, Use
from bstkit.config.slot_resolution import SlotResolution
from bstkit.contracts import KINDS
from bstkit.disabling import disabled_plugins
from bstkit.errors import ConfigError
from bstkit.manager import load_plugins
from bstkit.registry import Registry
from bstkit.signature import check_parameters, parameters
from bstkit.spelling import did_you_mean

Settings = TypeVar("Settings", TrainSettings, ExportSettings)

HINT = "correct these, then run the command again"


def load_selection(
    recipe: str | None = None,
    *,
    slots: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    registry_path: Path | None = None,
    working_folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    found: Iterable[EntryPoint] | None = None,
) -> Selection:
    """Resolve a selection from registry files, environment and flags; imports nothing heavy.

    Args:
        recipe: `--recipe`. Defaults to what environment and files say.
        slots: slot (or `"candidate"`) -> what its flag says: a name, or TOML such as `["gru", { use = "gru" }]`.
        settings: each `--set`, `path=value`.
        registry_path: the file that `--registry` names.
        working_folder: where a registry.toml may stand. Defaults to the current folder.
        environ: the BSTKIT_ variables. Defaults to the process's environment.
        found: entry points in place of the installed ones, for tests.

    Returns:
        The selection. Names are checked; parameters are not, for that needs the classes: see `checked_selection`.

    Raises:
        ConfigError: something is wrong; the message lists every problem.
        ComponentError, PluginError: the only problem is a component that a flag names.
    """
    document = read_layers(working_folder or Path.cwd(), registry_path)
    problems: list[Problem] = []
    environ = os.environ if environ is None else environ
    overrides = apply_environment(document, environ, problems)
    overrides += apply_flags(document, recipe, slots or {}, settings, problems)
    _check_structure(document, problems)
    choices = _plugin_choices(document, environ)
    registry = Registry(load_plugins(found, choices.disabled), choices.components, choices.prefer)
    _check_defaults(document, registry, problems)
    selection = _select(document, overrides, registry, problems)
    raise_problems(problems, HINT)
    return selection.model_copy(update={**dict(choices), "origins": selection.origins | choices.origins})


class PluginSettings(Table):
    """What configuration says about plugins: enough for `load_registry`, without choosing a recipe."""

    components: dict[str, str]
    prefer: dict[str, str]
    disable: tuple[str, ...]
    origins: dict[str, str] = Field(default_factory=dict)

    @property
    def disabled(self) -> dict[str, str]:
        """Name -> by what it is disabled."""
        return {name: self.origins[f"plugins.disable.{name}"] for name in self.disable}


def load_plugin_settings(registry_path: Path | None = None, working_folder: Path | None = None) -> PluginSettings:
    """Read `[components]` and `[plugins]` of the registry files, and what else disables plugins, for commands that list
    what is there.

    Args:
        registry_path: the file that `--registry` names.
        working_folder: where a registry.toml may stand. Defaults to the current folder.

    Raises:
        ConfigError: a file is wrong; the message lists every problem.
    """
    document = read_layers(working_folder or Path.cwd(), registry_path)
    problems: list[Problem] = []
    _check_structure(document, problems)
    raise_problems(problems, HINT)
    return _plugin_choices(document, os.environ)


def checked_selection(selection: Selection, registry: Registry) -> Selection:
    """Check every parameter against its component's constructor; imports the selected classes.

    Args:
        selection: from `load_selection`.
        registry: from `load_registry(selection)`.

    Returns:
        The same selection; its origins also say `"default"` for each parameter left to its constructor.

    Raises:
        ConfigError: parameters are wrong; the message lists every problem of every component.
        PluginError: a class cannot be imported.
    """
    problems: list[Problem] = []
    origins = dict(selection.origins)
    for use in selection.uses:
        component = registry.load_class(use.key)
        problems += check_parameters(component, use.parameters, use.path, origins)
        for parameter in parameters(component):
            if not parameter.required:
                origins.setdefault(f"{use.path}.{parameter.name}", "default")
    raise_problems(problems, f"`bstkit show {selection.uses[0].key}` lists parameters and their types")
    return selection.model_copy(update={"origins": origins})


def _check_structure(document: Document, problems: list[Problem]) -> None:
    """Add what pydantic finds, and drop the offending values so that checking can go on."""
    try:
        RegistryFile.model_validate(document.values)
    except ValidationError as error:
        for path, problem in validation_problems(error, RegistryFile, document.source):
            problems.append(problem)
            document.discard(path)


def _check_defaults(document: Document, registry: Registry, problems: list[Problem]) -> None:
    """Find tables `[kind.name]` of components that nothing provides."""
    if registry.plugins.absent:
        return  # one that did not load may provide them, and is needed only when selected
    for kind in KINDS:
        for name in document.get((kind,), {}):
            names = [one.component.name for one in registry.list(kind)]
            if name not in names:
                source = document.source((kind, name))
                problem = Problem(source, dotted((kind, name)), f"no {kind} named '{name}'", did_you_mean(name, names))
                problems.append(problem)


def _plugin_choices(document: Document, environ: Mapping[str, str]) -> PluginSettings:
    plugins = PluginTable.model_validate(document.get(("plugins",), {}))
    disabled = disabled_plugins(dict.fromkeys(plugins.disable, document.source(("plugins", "disable"))), environ)
    return PluginSettings(
        components=document.get(("components",), {}),
        prefer=plugins.prefer,
        disable=tuple(disabled),
        origins={f"plugins.disable.{name}": by for name, by in disabled.items()},
    )


def _select(
    document: Document, overrides: Sequence[Override], registry: Registry, problems: list[Problem]
) -> Selection:
    """Resolve every slot; a stand-in takes the place of what has a problem, for the problems are raised afterwards."""
    recipe = document.get(("model", "recipe"), "")
    recipes = document.get(("recipe",), {})
    if recipe and recipe not in recipes:
        hint = f"{did_you_mean(recipe, recipes)} the recipes are {', '.join(recipes)}".strip()
        message = f"no recipe named '{recipe}'"
        source = document.source(("model", "recipe"))
        path = "model.recipe" if source.endswith(".toml") else ""
        problems.append(Problem(source, path, message, hint, ConfigError(message, hint)))
    resolution = SlotResolution(document, recipe, overrides, registry, problems)
    before = len(problems)
    stack, branches, head = resolution.stack(), resolution.branches(), resolution.head()
    if recipe in recipes and len(problems) == before:
        empty = [resolution.where(slot) for slot, found in (("pooling", stack.pooling), ("head", head)) if not found]
        empty += [resolution.where("branch", name, "pooling") for name, own in branches.items() if not own.pooling]
        wrong = {problem.path for problem in problems}  # a value that was dropped as wrong leaves its slot empty
        problems += [_empty(document, where) for where in empty if dotted(where) not in wrong]
    resolution.check_overrides()
    stand_in = Use(key="head.none", path="head")
    rows = document.get(("recipe", recipe, "features"), {})
    return Selection(
        **dict(stack),
        recipe=recipe,
        candidate=resolution.choice("candidate", "append"),
        length=resolution.choice("length", "free"),
        head=head or stand_in,
        branches=branches,
        rows=rows,
        train=_settings(document, "train", TrainSettings),
        export=_settings(document, "export", ExportSettings),
        origins=resolution.origins | _origins(document, recipe, rows),
    )


def _empty(document: Document, where: tuple[str, ...]) -> Problem:
    path = dotted(where)
    hint = f"choose one with --{where[-1]}" if "branch" not in where else f"choose one with --set {dotted(where[-3:])}="
    return Problem(document.source(where), path, "a model needs this slot", hint)


def _settings(document: Document, table: str, model: type[Settings]) -> Settings:
    try:
        return model(**document.get((table,), {}))
    except ValidationError:  # its problems are reported already
        return model()


def _origins(document: Document, recipe: str, rows: Mapping[str, int]) -> dict[str, str]:
    """Where recipe, row counts and settings came from."""
    origins = {"recipe": document.origin(("model", "recipe"))}
    origins |= {f"rows.{column}": document.origin(("recipe", recipe, "features", column)) for column in rows}
    for table, keys in TABLES.items():
        for key in keys:
            value = document.get((table, key))
            if isinstance(value, dict):  # what stands in it may have come one by one, or as a whole
                origins |= {dotted((table, key, name)): document.source((table, key, name)) for name in value}
            else:
                origins[dotted((table, key))] = document.origin((table, key))
    return origins
