"""Options that several commands share, declared once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from bstkit.cli.choices import TRAIN_CHOICES
from bstkit.cli.hooks import HOOK
from bstkit.contracts import KINDS
from bstkit.export import TargetName

if TYPE_CHECKING:
    from bstkit.config.features import Features
    from bstkit.config.selection import Selection
    from bstkit.registry import Registry

RegistryOption = Annotated[
    Path | None,
    typer.Option("--registry", metavar="PATH", help="A registry.toml that comes over the working folder's."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LayersOption = Annotated[
    bool, typer.Option("--layers", help="Also list the Keras layers of the model that is drawn, one by one.")
]
ProviderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Verify on this execution provider: cpu (default), cuda, tensorrt; repeatable.",
    ),
]
IdsOption = Annotated[
    Literal["encoded", "raw"] | None,
    typer.Option("--ids", help="What the graph takes: the vocabularies' numbers, or the log's own ids."),
]
TargetOption = Annotated[
    TargetName | None,
    typer.Option(
        "--target",
        help="What the file is made for: any engine that runs ai.onnx (default), ONNX Runtime alone, or edge devices.",
    ),
]
EdgeBatchOption = Annotated[
    int | None,
    typer.Option("--edge-batch", metavar="ROWS", min=1, help="With --target edge: rows a call takes, 1 by default."),
]


def complete_kinds(incomplete: str) -> list[str]:
    """Complete the name of a kind."""
    return [kind for kind in (*KINDS, *TRAIN_CHOICES, HOOK) if kind.startswith(incomplete)]


def complete_keys(incomplete: str) -> list[str]:
    """Complete `kind.name`."""
    return [one.component.key for one in open_registry(None).list() if one.component.key.startswith(incomplete)]


def complete_names(kind: str) -> Callable[[str], list[str]]:
    """Return a function that completes the names of one kind."""
    return lambda incomplete: [key.partition(".")[2] for key in complete_keys(f"{kind}.{incomplete}")]


def open_registry(registry_path: Path | None) -> Registry:
    """Load the plugins as the registry files say, without choosing a recipe."""
    from bstkit.config.resolve import load_plugin_settings
    from bstkit.registry import load_registry

    return load_registry(load_plugin_settings(registry_path))


def _slot(slot: str, text: str) -> Any:
    return typer.Option(f"--{slot}", metavar="NAME", help=text, autocompletion=complete_names(slot))


@dataclass(frozen=True)
class SelectionOptions:
    """Recipe, slots and settings: what decides which model is composed and how it is trained."""

    recipe: Annotated[str | None, typer.Option("--recipe", metavar="NAME", help="A named selection.")] = None
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="append|apart", help="Where the candidate goes.")
    ] = None
    length: Annotated[
        str | None,
        typer.Option("--length", metavar="free|fixed", help="Whether sequences are padded to their maximum."),
    ] = None
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="TABLE", help="What each session goes through: { encoder = ..., pooling = ... }."
        ),
    ] = None
    position: Annotated[str | None, _slot("position", "Position component.")] = None
    encoder: Annotated[str | None, _slot("encoder", "Encoder component.")] = None
    pooling: Annotated[str | None, _slot("pooling", "Pooling component.")] = None
    head: Annotated[str | None, _slot("head", "Head component.")] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="One setting: pooling.units=[64,16], train.epochs=3."),
    ] = None
    registry: RegistryOption = None

    def selection(self) -> Selection:
        """Resolve them, with files and environment below them."""
        from bstkit.config.resolve import load_selection

        return load_selection(
            self.recipe, slots=self.slots(), settings=self.settings or (), registry_path=self.registry
        )

    def slots(self) -> dict[str, str]:
        """Slot -> what its flag says, of those that were given."""
        from bstkit.config.registry_file import RECIPE_KEYS

        slots = {name: getattr(self, name) for name in RECIPE_KEYS}
        return {name: text for name, text in slots.items() if text is not None}


@dataclass(frozen=True)
class LogOptions:
    """Where the log lies and what its columns mean."""

    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="LOG", help="A log (file, folder, pattern), or a dataset of `data prepare`."),
    ] = None
    features: Annotated[
        Path | None, typer.Option("--features", metavar="PATH", help="What the log's columns mean; see the README.")
    ] = None

    def loaded_features(self) -> Features:
        """Read the features file that was given, or the one that goes with the log."""
        from bstkit.config.features_file import load_features
        from bstkit.data.feature_files import features_for

        return load_features(self.features) if self.features else features_for(self.data)


def given_features(path: Path | None) -> Features | None:
    """Read the features file that was named, if one was."""
    from bstkit.config.features_file import load_features

    return None if path is None else load_features(path)


def grouped_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take a dataclass of options: Typer sees one option a field, the command gets the object.

    Args:
        command: a function; each parameter annotated with a dataclass is expanded.
    """
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}
    expanded: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name not in groups:
            expanded.append(parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        group = groups[parameter.name]
        inner = get_type_hints(group, include_extras=True)
        for one in fields(group):
            expanded.append(
                inspect.Parameter(
                    one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=inner[one.name]
                )
            )

    def called(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{one.name: values.pop(one.name) for one in fields(group)})
        command(**values)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in expanded}
    called.__signature__ = inspect.Signature(expanded)  # type: ignore[attr-defined]  # functions may carry one (PEP 362)
    return called
