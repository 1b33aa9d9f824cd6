"""The C++ consumer in a bundle: the sources of `examples/cpp`, and the header generated for the bundle's contract."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bstkit.bundle.contract import Contract
from bstkit.bundle.cpp_header import cpp_header

FOLDER = "cpp"
HEADER = "contract.hpp"

_SUFFIXES = (".cpp", ".hpp", ".md", ".txt")


def cpp_sources() -> Traversable:
    """The folder of the sources: inside the installed package, else `examples/cpp` of the checkout.

    An editable install does not see the files that the wheel carries.
    """
    inside = files("bstkit.bundle") / FOLDER
    return inside if inside.is_dir() else Path(__file__).parents[2] / "examples" / FOLDER


def write_cpp(folder: Path, contract: Contract) -> None:
    """Write `cpp/` into a bundle."""
    target = folder / FOLDER
    target.mkdir()
    for source in cpp_sources().iterdir():
        # Only the project itself: whatever was built or left beside it stays where it is.
        if source.is_file() and source.name.endswith(_SUFFIXES) and source.name != HEADER:
            (target / source.name).write_bytes(source.read_bytes())
    (target / HEADER).write_text(cpp_header(contract), encoding="utf-8", newline="\n")
