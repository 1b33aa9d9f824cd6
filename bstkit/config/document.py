"""A nested table that is merged from layers and remembers which layer said what."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bstkit.config.registry_file import is_whole

Path = tuple[str, ...]

PACKAGED = "packaged registry.toml"


class Document:
    """The merged configuration: `values`, and for each of them the layer that it came from."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._origins: dict[Path, str] = {}

    def merge(self, layer: Mapping[str, Any], label: str) -> None:
        """Lay one file over what is there, key by key; slots and lists replace as a whole.

        Args:
            layer: the parsed file.
            label: where its values come from.
        """
        self._merge((), layer, label)

    def put(self, path: Path, value: Any, label: str) -> None:
        """Set one value, making tables on the way."""
        table = self.values
        for step in path[:-1]:
            if not isinstance(table.get(step), dict):
                table[step] = {}
            table = table[step]
        table[path[-1]] = value
        self._origins = {known: origin for known, origin in self._origins.items() if known[: len(path)] != path}
        self._origins[path] = label

    def get(self, path: Path, default: Any = None) -> Any:
        """Return the value at a path, `default` where there is none."""
        value: Any = self.values
        for step in path:
            if not isinstance(value, dict) or step not in value:
                return default
            value = value[step]
        return value

    def discard(self, path: Path) -> None:
        """Forget the value at a path, so that checking can go on without it."""
        while path and not isinstance(self.get(path[:-1]), dict):  # a list's entry: the whole list goes
            path = path[:-1]
        if path:
            self.get(path[:-1]).pop(path[-1], None)

    def origin(self, path: Path) -> str:
        """Return the layer that set the value at exactly this path; `"default"` where none did."""
        return self._origins.get(path, "default")

    def source(self, path: Path) -> str:
        """Return the layer to blame for what stands at a path: the one that set it, or the nearest table around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        return PACKAGED

    def _merge(self, at: Path, layer: Mapping[str, Any], label: str) -> None:
        for key, value in layer.items():
            path = (*at, key)
            if not isinstance(value, dict) or is_whole(path):
                self.put(path, deepcopy(value), label)
                continue
            if not isinstance(self.get(path), dict):
                self.put(path, {}, label)
            self._merge(path, value, label)
