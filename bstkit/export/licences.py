"""The licences of what made a bundle, as the installed packages state them, and of its weights, as the trainer does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata

_OTHER_NAMES = {"onnxruntime": ("onnxruntime-gpu",)}
"""Package -> distributions that bring it under another name."""

_CLASSIFIER = "License :: "


@dataclass(frozen=True)
class Licences:
    """What is stated; None where nothing is.

    Args:
        bstkit: of bstkit's code.
        weights: of the weights, `[export] licence`.
        packages: package -> its licence, of those that made the file and those that run it.
    """

    bstkit: str | None
    weights: str | None
    packages: dict[str, str | None]


def licences(packages: Iterable[str], weights: str) -> Licences:
    """Collect what is stated.

    Args:
        packages: names of packages; bstkit itself may be among them.
        weights: `[export] licence`, empty where the trainer states none.
    """
    others = {name: licence_of(name) for name in dict.fromkeys(packages) if name != "bstkit"}
    return Licences(licence_of("bstkit"), weights or None, others)


def licence_of(package: str) -> str | None:
    """The licence that an installed package states in its metadata; None where it states none, or is not installed."""
    for name in (package, *_OTHER_NAMES.get(package, ())):
        try:
            stated = metadata(name).json
        except PackageNotFoundError:
            continue
        classifiers = [one for one in stated.get("classifier", ()) if one.startswith(_CLASSIFIER)]
        written = str(stated.get("license", "")).strip()
        short = written if len(written.splitlines()) == 1 else ""  # some put the whole text there
        named = ", ".join(one.rpartition(" :: ")[2] for one in classifiers)
        return str(stated.get("license_expression", "")) or short or named or None
    return None
