"""Read a TOML file; whatever keeps it from being read is one clear error."""

import tomllib
from pathlib import Path
from typing import Any

from bstkit.errors import ConfigError


def read_toml(path: Path, label: str | None = None) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: the file.
        label: how errors name it. Defaults to the path.

    Raises:
        ConfigError: it is missing, a directory, unreadable, not UTF-8, or not TOML.
    """
    label = label or str(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{label}: there is no such file", "check the path") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{label} is a directory, not a file", "name the file inside it") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{label} is not UTF-8: byte {error.start} is wrong", "save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{label} cannot be read: {error.strerror or error}", "check its permissions") from error
    return parse_toml(text, label)


def parse_toml(text: str, label: str) -> dict[str, Any]:
    """Parse TOML text.

    Raises:
        ConfigError: it is not TOML; the message holds line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{label} is not valid TOML: {error}", "correct that line") from error
