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
from bstkit.config.selection import Stack, Use
from bstkit.contracts import KINDS, STACK_SLOTS
from bstkit.errors import BstkitError
from bstkit.registry import Registry
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class _Place:
    """Who says a value: the file or flag, and the dotted path in it."""

    label: str
    path: str

    def __truediv__(self, step: str) -> _Place:
        return _Place(self.label, f"{self.path}.{step}")

    @property
    def problem(self) -> Problem:
        """A problem here, without its message; a flag or variable is its own path."""
        return Problem(self.label, self.path if self.label.endswith(".toml") else "", "")


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
    _counts: dict[str, int] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)

    def choice(self, key: str, default: str) -> Any:
        """`candidate` or `length`, from `[model]`, else from the recipe, else `default`."""
        path = self.where(key)
        self.origins[key] = self.document.origin(path)
        return self.document.get(path, default)

    def stack(self) -> Stack:
        """The recipe's own stack."""
        return self._stack("", {slot: self.where(slot) for slot in ("session", *STACK_SLOTS)})

    def head(self) -> Use | None:
        """The head; None where it is empty or has a problem."""
        where = self.where("head")
        found = self._entries("head", "head", self.document.get(where, ""), self._place(where))
        return found[0] if found and isinstance(found[0], Use) else None

    def branches(self) -> dict[str, Stack]:
        """History -> the stack that `[model.branch.*]` or the recipe gives it."""
        tables = (("model", "branch"), ("recipe", self.recipe, "branch"))
        names = dict.fromkeys(name for table in tables for name in self.document.get(table, {}))
        return {
            name: self._stack(
                f"branch.{name}.", {slot: self.where("branch", name, slot) for slot in ("session", *STACK_SLOTS)}
            )
            for name in names
        }

    def where(self, *key: str) -> tuple[str, ...]:
        """Path of a value: `[model]`'s, else the recipe's."""
        path = ("model", *key)
        return path if self.document.get(path) is not None else ("recipe", self.recipe, *key)

    def check_overrides(self) -> None:
        """Add a problem for each override that met no component; to be called last."""
        for override in self.overrides:
            if override.component in self._met:
                continue
            slot, _, index = override.component.rpartition(".")
            slot, index = (slot, index) if index.isdigit() else (override.component, "")
            count = self._counts.get(slot)
            if count is None:
                message = f"no component stands at {override.component}"
                hint = did_you_mean(override.component, self._counts) or f"there is {', '.join(self._counts)}"
            elif count == 0:
                message = f"the {slot} slot is empty"
                hint = f"fill it with --{slot}" if slot in SLOT_KINDS else f"fill it in registry.toml: {slot}"
            else:
                message = f"the {slot} slot holds {count} components"
                right = f"{slot}.{count - 1 if index else 0}" if count > 1 else slot
                hint = f"did you mean '{right}.{override.parameter}'?"
            self.problems.append(Problem(override.label, override.path, message, hint))

    def _place(self, where: tuple[str, ...]) -> _Place:
        return _Place(self.document.origin(where), dotted(where))

    def _stack(self, prefix: str, where: dict[str, tuple[str, ...]]) -> Stack:
        values = {slot: self.document.get(path, "") for slot, path in where.items()}
        places = {slot: self._place(path) for slot, path in where.items()}
        if values["session"]:
            self.origins[f"{prefix}session"] = places["session"].label
        return self._filled(prefix, values, places)

    def _inner(self, path: str, table: dict[str, Any], place: _Place) -> Stack:
        """A stack that stands as a table inside a slot."""
        return self._filled(f"{path}.", table, {slot: place / slot for slot in ("session", *STACK_SLOTS)})

    def _filled(self, prefix: str, values: dict[str, Any], places: dict[str, _Place]) -> Stack:
        session = values.get("session")
        found = {
            slot: self._entries(slot, f"{prefix}{slot}", values.get(slot, ""), places[slot]) for slot in STACK_SLOTS
        }
        position = [use for use in found["position"] if isinstance(use, Use)]
        return Stack(
            session=self._inner(f"{prefix}session", session, places["session"]) if session else None,
            position=position[0] if position else None,
            encoder=tuple(use for use in found["encoder"] if isinstance(use, Use)),
            pooling=tuple(found["pooling"]),
        )

    def _entries(self, slot: str, path: str, value: Any, place: _Place) -> list[Use | Stack]:
        """What stands in one slot, in order; components with a problem are left out."""
        several = isinstance(value, list)
        entries = [one for one in (value if several else [value]) if one not in ("", {"use": ""})]
        self._counts[path] = len(entries)
        if not entries:
            self.origins[path] = place.label
        found: list[Use | Stack | None] = []
        for index, entry in enumerate(entries):
            own = f"{path}.{index}" if several else path
            at = place / str(index) if several else place
            if isinstance(entry, dict) and "use" not in entry:
                found.append(self._inner(own, entry, at))
            else:
                aliases = {own, path, f"{path}.0"} if len(entries) == 1 else {own}
                found.append(self._use(slot, own, entry, at, aliases))
        return [one for one in found if one is not None]

    def _use(self, slot: str, path: str, entry: Any, place: _Place, aliases: set[str]) -> Use | None:
        given = [override for override in self.overrides if override.component in aliases]
        self._met |= aliases
        table = dict(entry) if isinstance(entry, dict) else {"use": entry}
        name = table.pop("use")
        source = place.problem
        for override in given:
            if override.parameter == "use":
                name, source = override.value, Problem(override.label, path, "")
        key = name if "." in str(name) else f"{slot}.{name}"
        if not self._accept(slot, key, source):
            return None
        self.origins[path] = source.source
        kind, _, short = key.partition(".")
        parameters = {}
        for parameter, value in self.document.get((kind, short), {}).items():
            parameters[parameter] = value
            self.origins[f"{path}.{parameter}"] = self.document.origin((kind, short, parameter))
        for parameter, value in table.items():
            parameters[parameter] = value
            self.origins[f"{path}.{parameter}"] = place.label
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
