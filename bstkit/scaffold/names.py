"""What a new plugin package and its one component are called, and which names are refused."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from keyword import iskeyword
from typing import TYPE_CHECKING

from bstkit.contracts import KINDS
from bstkit.errors import ComponentError
from bstkit.registry import check_kind

if TYPE_CHECKING:
    from bstkit.registry import Provided

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PACKAGE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class PackageNames:
    """The names in a package of one component.

    Args:
        kind: of the component.
        name: of the component, the idea in snake_case.
        package: the distribution, as pip names it.
    """

    kind: str
    name: str
    package: str

    @property
    def key(self) -> str:
        """`kind.name`, by which selections name the component."""
        return f"{self.kind}.{self.name}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.package.replace("-", "_")

    @property
    def class_name(self) -> str:
        """`<Idea><Kind>`."""
        return "".join(word.capitalize() for word in (*self.name.split("_"), self.kind))

    @property
    def try_out(self) -> str:
        """The command that composes with the component; a score and an objective need another one beside them."""
        beside = {
            "score": f"""--candidate apart --encoder '["score.{self.name}", "weighted"]' --pooling sum""",
            "objective": f"""--candidate apart --encoder '["transformer", "objective.{self.name}"]'""",
        }
        return f"bstkit build {beside.get(self.kind, f'--{self.kind} {self.name}')}"


def package_names(key: str, package: str | None = None) -> PackageNames:
    """Name a package and its component.

    Args:
        key: `kind.name`.
        package: the distribution. Defaults to `bstkit-` and the component's name.

    Raises:
        ComponentError: the key is not of the form `kind.name`, there is no such kind, or a name is not one that a
            component or a package may have.
    """
    kind, dot, name = key.partition(".")
    if not dot:
        raise ComponentError(f"'{key}' is not of the form kind.name", f"for example  bstkit new {_example(key)}")
    check_kind(kind)
    if not _NAME.fullmatch(name):
        raise ComponentError(f"the name '{name}' is not snake_case", _snake_case_hint(kind, name))
    if iskeyword(name):
        raise ComponentError(f"'{name}' is a Python keyword", "name the idea otherwise")
    if name == kind or name.endswith(f"_{kind}"):
        idea = name.removesuffix(kind).rstrip("_") or "mine"
        raise ComponentError(f"the name '{name}' repeats the kind", f"name the idea alone:  bstkit new {kind}.{idea}")
    package = package or f"bstkit-{name.replace('_', '-')}"
    if not _PACKAGE.fullmatch(package):
        raise ComponentError(
            f"--package '{package}' is no name for a package", "lower-case letters and digits, joined by hyphens"
        )
    return PackageNames(kind, name, package)


def check_untaken(names: PackageNames, provided: Iterable[Provided]) -> None:
    """Refuse names that would clash with what is installed.

    Args:
        names: of the new package.
        provided: the components that are installed.

    Raises:
        ComponentError: the component, the distribution or the module is there already.
    """
    for one in provided:
        if one.component.key == names.key:
            raise ComponentError(
                f"{names.key} is there already, of {one.provider}",
                "choose another name: what a component computes goes by one name"
                + ("" if one.distribution == "bstkit" else f"; or take {one.distribution} out first"),
            )
    module = names.module
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        raise ComponentError(f"a module {module} is installed already, and would be hidden", _PACKAGE_HINT)
    try:
        installed = version(names.package)
    except PackageNotFoundError:
        return
    raise ComponentError(f"a package {names.package} {installed} is installed already", _PACKAGE_HINT)


_PACKAGE_HINT = "choose another name for the package with --package"


def _example(text: str) -> str:
    """The key that was probably meant: a kind alone, or a name alone."""
    return f"{text}.mine" if text in KINDS else f"encoder.{text if _NAME.fullmatch(text) else 'mine'}"


def _snake_case_hint(kind: str, name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    snake = re.sub(r"[^a-z0-9]+", "_", words).strip("_")
    return f"did you mean '{kind}.{snake}'?" if _NAME.fullmatch(snake) else "for example  long_interest"
