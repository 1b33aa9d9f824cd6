"""registry.toml: its tables and their types."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bstkit.config.model import Table
from bstkit.config.selection import ExportSettings, TrainSettings
from bstkit.contracts import KINDS, SLOTS, STACK_SLOTS
from bstkit.spelling import did_you_mean

SLOT_KINDS = {
    "position": ("position",),
    "encoder": ("encoder", "score", "objective"),
    "pooling": ("pooling",),
    "head": ("head",),
}
"""Which kinds a slot takes, its own first."""

LIST_SLOTS = ("encoder", "pooling")

RECIPE_KEYS = ("candidate", "length", "session", *SLOTS)
"""What a recipe decides and `[model]` may replace, each as a whole."""

NAMED_SETTINGS = (("train", "optimizer"), ("train", "schedule"))
"""Settings that hold a name, or `{ use = name, ... }`."""

_KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_LOCAL_TARGET = re.compile(r".+\.py:\w+")


def _check_component(value: Any) -> Any:
    if isinstance(value, list):
        raise ValueError("a list of components holds no further list")
    if isinstance(value, dict):
        if not isinstance(value.get("use"), str):
            raise ValueError("a table in a slot needs use = <component>")
    elif not isinstance(value, str):
        raise ValueError(f"must be a component's name, or {{ use = name, ... }}; received {value!r}")
    return value


def _check_single(value: Any) -> Any:
    if isinstance(value, list):
        raise ValueError(f"takes one component, not a list; only {' and '.join(LIST_SLOTS)} take lists")
    return _check_component(value)


def _check_encoder(value: Any) -> Any:
    for one in value if isinstance(value, list) else [value]:
        _check_component(one)
    return value


def _check_pooling(value: Any) -> Any:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and "use" not in one and not one.keys().isdisjoint(STACK_SLOTS):
            _check_stack(one)
        else:
            _check_component(one)
    return value


def _check_stack(table: dict[str, Any]) -> None:
    """A stack inside a slot: an inner branch, or what each session goes through."""
    for slot, value in table.items():
        if slot not in STACK_SLOTS:
            hint = did_you_mean(slot, STACK_SLOTS) or f"it holds {', '.join(STACK_SLOTS)}"
            raise ValueError(f"unknown key '{slot}' in a table of slots, {hint}")
        {"position": _check_single, "encoder": _check_encoder, "pooling": _check_pooling}[slot](value)
    if not table.get("pooling"):
        raise ValueError("a table of slots needs pooling = <component>")


def _check_session(value: Any) -> Any:
    if isinstance(value, dict):
        _check_stack(value)
    elif value != "":
        raise ValueError(f"must be a table of slots, {{ encoder = ..., pooling = ... }}; received {value!r}")
    return value


def _check_key(key: str) -> str:
    kind = key.partition(".")[0]
    if not _KEY.fullmatch(key):
        raise ValueError("must be of the form kind.name, in snake_case and quotes")
    if kind not in KINDS:
        raise ValueError(f"no kind named '{kind}', {did_you_mean(kind, KINDS)}".rstrip(", "))
    return key


def _check_target(target: str) -> str:
    if not _LOCAL_TARGET.fullmatch(target):
        raise ValueError(f"must be 'file:Class'; received {target!r}")
    return target


SingleSlot = Annotated[Any, AfterValidator(_check_single)]
EncoderSlot = Annotated[Any, AfterValidator(_check_encoder)]
PoolingSlot = Annotated[Any, AfterValidator(_check_pooling)]
SessionSlot = Annotated[Any, AfterValidator(_check_session)]
Key = Annotated[str, AfterValidator(_check_key)]
Parameters = dict[str, dict[str, Any]]


class StackTable(Table):
    """The slots of one sequence: names, `{ use = name, ... }`, in two of them also lists."""

    session: SessionSlot = ""
    position: SingleSlot = ""
    encoder: EncoderSlot = ""
    pooling: PoolingSlot = ""


class SlotTable(StackTable):
    """The slots as a recipe and `[model]` hold them; `branch` maps a history to slots of its own."""

    candidate: Literal["append", "apart"] = "append"
    length: Literal["free", "fixed"] = "free"
    head: SingleSlot = ""
    branch: dict[str, StackTable] = Field(default_factory=dict)


class ModelTable(SlotTable):
    """`[model]`: the recipe, and slots that replace the recipe's."""

    recipe: str


class RecipeTable(SlotTable):
    """`[recipe.NAME]`: the slots, and table rows by column for composing without data."""

    features: dict[str, Annotated[int, Field(ge=3)]] = Field(default_factory=dict)


class PluginTable(Table):
    """`[plugins]`: distributions, or `distribution:entry_point` where one has several plugins."""

    disable: list[str] = Field(default_factory=list)
    prefer: dict[Key, str] = Field(default_factory=dict)


class RegistryFile(Table):
    """A registry.toml, or several merged. A table `[kind.name]` holds defaults for every use of one component."""

    version: Literal[1] = Field(default=1, alias="schema")
    model: ModelTable
    recipe: dict[str, RecipeTable] = Field(default_factory=dict)
    position: Parameters = Field(default_factory=dict)
    encoder: Parameters = Field(default_factory=dict)
    score: Parameters = Field(default_factory=dict)
    pooling: Parameters = Field(default_factory=dict)
    objective: Parameters = Field(default_factory=dict)
    head: Parameters = Field(default_factory=dict)
    train: TrainSettings = TrainSettings()
    export: ExportSettings = ExportSettings()
    plugins: PluginTable = PluginTable()
    components: dict[Key, Annotated[str, AfterValidator(_check_target)]] = Field(default_factory=dict)


def is_whole(path: tuple[str, ...]) -> bool:
    """Whether the value at a path replaces a lower layer's as one piece: slots, named settings and parameters."""
    if path in NAMED_SETTINGS:
        return True
    if path[0] in ("model", "recipe"):
        inside = path[1:] if path[0] == "model" else path[2:]
        if inside[:1] == ("branch",):
            return len(inside) == 3
        return len(inside) == 1 and (path[0] == "model" or inside[0] in RECIPE_KEYS)
    return path[0] in KINDS and len(path) == 3
