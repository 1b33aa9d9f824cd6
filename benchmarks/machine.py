"""What every benchmark says about the machine and the packages that it ran on."""

from __future__ import annotations

import os
import platform
from importlib import import_module
from typing import Any


def machine() -> dict[str, Any]:
    """The machine, and how busy it has been for a minute."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "machine": platform.machine(),
    }


def versions(*packages: str) -> dict[str, str]:
    """The version of each package by its import name, and of Python."""
    return {name: import_module(name).__version__ for name in packages} | {"python": platform.python_version()}
