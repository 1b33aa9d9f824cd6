"""Import a one-off layer from a Python file that registry.toml names."""

import importlib.util
import logging
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from bstkit.errors import PluginError

LOCAL_FILE = "selecting it runs that file's code"

_log = logging.getLogger("bstkit")
_imported: dict[Path, str] = {}
"""File -> SHA-256 of the code that this process runs of it."""


def import_local_file(path: Path, key: str) -> ModuleType:
    """Import a Python file once, and say that its code runs.

    Args:
        path: the file.
        key: the component that asks for it.

    Raises:
        PluginError: there is no such file.
        Exception: whatever the file's code raises.
    """
    if not path.is_file():
        raise PluginError(f"{key}: there is no file {path}", "correct [components] in registry.toml")
    # The path is part of the name, so that two files of one name do not meet in sys.modules.
    name = f"bstkit_local_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    _log.warning("%s runs the code of %s", key, path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{key}: {path} is no Python file", "correct [components] in registry.toml")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before running it: Keras registers classes by module name
    digest = _digest(path)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    _imported[path] = digest
    return module


def code_digest(path: Path) -> str:
    """SHA-256 of a file's code: as it was when this process imported it, which is what runs; else as it is now.

    Empty where there is no such file.
    """
    return _imported.get(path) or _digest(path)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
