"""A setting as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def setting_words(value: Any) -> str:
    """A value of `[train]`: `lazy_adam (beta_1=0.8)` for a choice with parameters, a dash for nothing.

    Args:
        value: as `model_dump(mode="json")` gives it.
    """
    if isinstance(value, Mapping):
        use = value.get("use")
        known = {name: one for name, one in value.items() if name != "use" and one is not None}
        given = ", ".join(f"{name}={one}" for name, one in known.items())
        return f"{use} ({given})" if use and given else str(use or given or "-")
    return "-" if value is None else str(value)
