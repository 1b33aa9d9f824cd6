"""One plugin as it was found: who it is, whether it works, why not, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from bstkit.component import Component, GraphPass
from bstkit.errors import PluginError

State = Literal["loaded", "broken", "disabled", "newer contract", "older contract"]
"""`"loaded"` ones work. `"newer contract"`: made for a later bstkit; `"older contract"`: for what is gone by now."""


@dataclass(frozen=True)
class Remark:
    """Something to know about a plugin that works.

    Args:
        name: `"clash"`, `"deprecated"` or `"slow"`.
        text: one line: what, why, and what to do.
    """

    name: Literal["clash", "deprecated", "slow"]
    text: str


@dataclass(frozen=True)
class Plugin:
    """What loading one plugin gave.

    Args:
        distribution: name of the installed package.
        version: its version.
        entry_point: the module that it names under the group `bstkit`.
        name: the entry point's own name.
        shared: the distribution has further entry points of that group.
        state: all but `"loaded"` are left out; `"disabled"` ones were never imported.
        load_ms: milliseconds for importing it and reading its records.
        hooks: names of the hooks that it implements.
        components: its records; of a plugin that is left out, those that could be read.
        passes: its export passes; likewise.
        cause: why it is left out; empty when loaded.
        remarks: what to know about one that works.
        error: the exception behind `cause`, for the traceback.
    """

    distribution: str
    version: str
    entry_point: str
    name: str = ""
    shared: bool = False
    state: State = "loaded"
    load_ms: float = 0.0
    hooks: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    passes: tuple[GraphPass, ...] = ()
    cause: str = ""
    remarks: tuple[Remark, ...] = ()
    error: BaseException | None = field(default=None, repr=False, compare=False)

    @property
    def title(self) -> str:
        """The distribution, with the entry point's name where it has several: what `disable` and `prefer` take."""
        return f"{self.distribution}:{self.name}" if self.shared else self.distribution

    @property
    def label(self) -> str:
        """Title and version, as errors name it."""
        return f"{self.title} {self.version}".strip()

    @property
    def condition(self) -> str:
        """State and remarks in one phrase: `"loaded, slow"`."""
        return ", ".join((self.state, *dict.fromkeys(remark.name for remark in self.remarks)))

    @property
    def advice(self) -> str:
        """What to do about one that is left out; empty when loaded."""
        return {
            "loaded": "",
            "broken": f'repair or upgrade {self.distribution}, or leave it out:  disable = ["{self.title}"]',
            "disabled": f"to have it back, take it out of {_last_words(self.cause)}",
            "newer contract": f"upgrade bstkit, or install an older {self.distribution}",
            "older contract": f"upgrade {self.distribution}, or install an older bstkit",
        }[self.state]

    def is_named(self, name: str) -> bool:
        """Whether a name of `disable` or `prefer` means it: its distribution, or `distribution:entry_point`."""
        return normalised(name) in (normalised(self.distribution), normalised(f"{self.distribution}:{self.name}"))


class ContractMismatch(PluginError):
    """A plugin is made for another contract than this bstkit's.

    Args:
        state: which way.
        message, hint: as for every error.
    """

    def __init__(self, state: Literal["newer contract", "older contract"], message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.state = state


def normalised(distribution: str) -> str:
    """Return a distribution's name in the form in which two spellings compare equal."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def cause_of(error: BaseException) -> str:
    """One line that tells what went wrong; our own errors need no type in front."""
    text = " ".join(str(error).split())
    if isinstance(error, PluginError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _last_words(cause: str) -> str:
    """`"disabled in ./registry.toml"` -> `"./registry.toml"`."""
    return cause.split(" ", 2)[-1]
