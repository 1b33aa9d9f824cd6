"""Write a plugin package from the template: all of it or nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bstkit.errors import RunError
from bstkit.scaffold.names import PackageNames
from bstkit.staging import new_folder

TEMPLATE = Path(__file__).parent / "template"


def check_copier() -> None:
    """Refuse to go on without the library.

    Raises:
        RunError: copier is not installed.
    """
    from importlib.util import find_spec

    if find_spec("copier") is None:
        raise RunError("`bstkit new` needs copier, which is not installed", "pip install 'bstkit[new]'")


def check_free(folder: Path) -> None:
    """Refuse a folder that exists, an empty one too.

    Raises:
        RunError: it does.
    """
    if folder.exists() or folder.is_symlink():
        raise RunError(f"{folder} already exists; nothing was written", _HINT)


def write_package(names: PackageNames, folder: Path, author: str = "") -> tuple[Path, ...]:
    """Write a package whose tests pass as they are.

    Args:
        names: of the package and its component.
        folder: where; made.
        author: `Name`, `Name <address>`, or an empty string: the place in pyproject.toml is left open.

    Returns:
        The files, in the order of their paths.

    Raises:
        RunError: copier is not installed; the folder exists or cannot be written.
    """
    check_copier()
    check_free(folder)
    try:
        with new_folder(folder) as partial:
            _render(names, partial, author)
    except RunError as error:
        raise RunError(error.message, _HINT) from error
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))


_HINT = "give another folder:  bstkit new KIND.NAME FOLDER"


def _render(names: PackageNames, folder: Path, author: str) -> None:
    from copier import Settings, run_copy

    words = {
        "kind": names.kind,
        "name": names.name,
        "key": names.key,
        "package": names.package,
        "module": names.module,
        "class_name": names.class_name,
        "try_out": names.try_out,
        "author": _author(author),
    }
    # The user's own copier settings are for the user's own templates.
    run_copy(str(TEMPLATE), folder, words, defaults=True, overwrite=True, quiet=True, settings=Settings())


def _author(text: str) -> str:
    """A table of pyproject.toml's `authors`; an empty string for nobody. JSON strings are TOML strings."""
    match = re.fullmatch(r"(.*?)\s*<([^<>@\s]+@[^<>@\s]+)>", text.strip())
    given = {"name": match[1], "email": match[2]} if match else {"name": text.strip()}
    parts = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items() if value]
    return f"{{ {', '.join(parts)} }}" if parts else ""
