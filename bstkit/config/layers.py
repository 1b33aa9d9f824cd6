"""The files of the selection, from the packaged default up, and the local files that they name."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from bstkit.config.document import PACKAGED, Document
from bstkit.config.toml_file import read_toml

NAME = "registry.toml"


def packaged_registry() -> Path:
    """Return the packaged registry.toml: inside the installed package, else at the checkout's root.

    An editable install does not see the file that the wheel carries.
    """
    inside = files("bstkit") / NAME
    if inside.is_file():
        with as_file(inside) as path:
            return path
    return Path(__file__).parents[2] / NAME


def read_layers(working_folder: Path, registry_path: Path | None) -> Document:
    """Merge the packaged registry.toml, the working folder's, and the one named by `--registry`.

    Args:
        working_folder: where a registry.toml may stand.
        registry_path: the file that `--registry` names.

    Raises:
        ConfigError: a file cannot be read, or is not TOML.
    """
    document = Document()
    packaged = packaged_registry()
    document.merge(_read(packaged, PACKAGED), PACKAGED)
    own = working_folder / NAME
    if own.exists() and not own.samefile(packaged):  # they are one file where one works in the checkout itself
        document.merge(_read(own, f"./{NAME}"), f"./{NAME}")
    if registry_path is not None:
        document.merge(_read(registry_path, str(registry_path)), str(registry_path))
    return document


def _read(path: Path, label: str) -> dict[str, Any]:
    values = read_toml(path, label)
    components = values.get("components")
    if isinstance(components, dict):
        values["components"] = {key: _absolute(target, path.parent) for key, target in components.items()}
    return values


def _absolute(target: Any, folder: Path) -> Any:
    """`"my_layers:MyEncoder"` -> `"/absolute/my_layers.py:MyEncoder"`; anything else stays, to be refused later."""
    if not isinstance(target, str):
        return target
    module, colon, name = target.rpartition(":")
    if not (colon and module and name.isidentifier()):
        return target
    file = module if module.endswith(".py") else f"{module.replace('.', '/')}.py"
    return f"{(folder / file).resolve()}:{name}"
