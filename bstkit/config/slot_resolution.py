"""What stands in each slot: names resolved, parameters merged, origins noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bstkit.config.document import Document
from bstkit.config.overrides import Override
from bstkit.config.problems import Problem, dotted
from bstkit.config.registry_file import SLOT_KINDS
from bstkit.config.selection import Use
from bstkit.contracts import KINDS
from bstkit.errors import BstkitError
from bstkit.registry import Registry
from bstkit.spelling import did_you_mean


@dataclass
class SlotResolution:
    """Resolves the slots of one selection.

    Args:
        document: files, environment and flags merged, and free of structural errors.
        recipe: the recipe's name.
        overrides: parameters from BSTKIT_SET and `--set`, the strongest last.
        registry: where names are looked up.
        problems: where problems are added.
        origins: dotted path -> where its value came from; filled while resolving.
    """

    document: Document
    recipe: str
    overrides: Sequence[Override]
    registry: Registry
    problems: list[Problem]
    origins: dict[str, str] = field(default_factory=dict)

    def candidate(self) -> Any:
        """`candidate`, from `[model]`, else from the recipe, else `"append"`."""
        path = self.where("candidate")
        self.origins["candidate"] = self.document.origin(path)
        return self.document.get(path, "append")

    def uses(self, slot: str) -> tuple[Use, ...]:
        """The components of one slot, in order; those with a problem are left out."""
        where = self.where(slot)
        value = self.document.get(where, "")
        several = isinstance(value, list)
        entries = [_entry(one) for one in (value if several else [value])]
        entries = [entry for entry in entries if entry.get("use") != ""]
        paths = [f"{slot}.{index}" for index in range(len(entries))] if several else [slot] * len(entries)
        given = self._overrides_of(slot, len(entries))
        if not entries:
            self.origins[slot] = self.document.origin(where)
        uses = [
            self._use(slot, path, entry, where, given.get(index, []))
            for index, (path, entry) in enumerate(zip(paths, entries, strict=True))
        ]
        return tuple(use for use in uses if use is not None)

    def where(self, slot: str) -> tuple[str, ...]:
        """Path of the slot's value: `[model]`'s, else the recipe's."""
        path = ("model", slot)
        return path if self.document.get(path) is not None else ("recipe", self.recipe, slot)

    def _overrides_of(self, slot: str, count: int) -> dict[int, list[Override]]:
        """Group the slot's overrides by component; those that meet none are problems."""
        grouped: dict[int, list[Override]] = {}
        for override in self.overrides:
            if override.slot != slot:
                continue
            index = 0 if override.index is None and count == 1 else override.index
            if index is not None and index < count:
                grouped.setdefault(index, []).append(override)
                continue
            message = f"the {slot} slot holds {count} components" if count else f"the {slot} slot is empty"
            right = f"{slot}.{max(count - 1, 0) if index else 0}.{override.parameter}"
            hint = f"did you mean '{right}'?" if count > 1 else f"did you mean '{slot}.{override.parameter}'?"
            self.problems.append(
                Problem(override.label, override.path, message, hint if count else f"fill it with --{slot}")
            )
        return grouped

    def _use(
        self, slot: str, path: str, entry: dict[str, Any], where: tuple[str, ...], given: list[Override]
    ) -> Use | None:
        name = entry.pop("use")
        label = self.document.origin(where)
        in_file = dotted(where) + path.removeprefix(slot)
        source = Problem(label, in_file if label.endswith(".toml") else "", "")
        for override in given:
            if override.parameter == "use":
                name, source = override.value, Problem(override.label, path, "")
        key = name if "." in str(name) else f"{slot}.{name}"
        if not self._accept(slot, key, source):
            return None
        self.origins[path] = source.source
        kind, _, short = key.partition(".")
        defaults = self.document.get((kind, short), {})
        parameters = {}
        for parameter, value in defaults.items():
            parameters[parameter] = value
            self.origins[f"{path}.{parameter}"] = self.document.origin((kind, short, parameter))
        for parameter, value in entry.items():
            parameters[parameter] = value
            self.origins[f"{path}.{parameter}"] = label
        for override in given:
            if override.parameter != "use":
                parameters[override.parameter] = override.value
                self.origins[f"{path}.{override.parameter}"] = override.label
        return Use(key=key, path=path, parameters=parameters)

    def _accept(self, slot: str, key: str, place: Problem) -> bool:
        """Whether the slot takes this component and the registry has it; adds the problem when not."""
        kind, _, name = key.partition(".")
        kinds = SLOT_KINDS[slot]
        if kind in KINDS and kind not in kinds:
            same = [one.component.name for one in self.registry.list(slot)]
            hint = did_you_mean(name, same) or f"`bstkit list {slot}` shows what fits"
            message = f"the {slot} slot takes {' or '.join(kinds)}, not {key}"
            self.problems.append(Problem(place.source, place.path, message, hint))
            return False
        try:
            component = self.registry.resolve(key).component
        except BstkitError as error:
            self.problems.append(Problem(place.source, place.path, error.message, error.hint, error))
            return False
        file = component.target.rpartition(":")[0]
        if file.endswith(".py") and not Path(file).is_file():
            where = ("components", key)
            message = f"there is no file {file}"
            self.problems.append(Problem(self.document.source(where), dotted(where), message, "correct the path"))
            return False
        return True


def _entry(value: Any) -> dict[str, Any]:
    """A slot's value as a table with `use`."""
    return dict(value) if isinstance(value, dict) else {"use": value}
