"""The two files that a project starts from: registry.toml and features.toml, commented."""

from __future__ import annotations

from pathlib import Path

from bstkit.errors import RunError
from bstkit.staging import new_file

_HERE = Path(__file__).parent
FILES = ("registry.toml", "features.toml")


def check_untaken(folder: Path) -> None:
    """Refuse a folder that has one of the files.

    Raises:
        RunError: it has.
    """
    taken = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        verb = "exists" if len(taken) == 1 else "exist"
        raise RunError(
            f"{' and '.join(taken)} already {verb} in {folder}; nothing was written",
            "give another folder, or move away what is there",
        )


def write_starter(folder: Path, features: str | None = None) -> tuple[Path, ...]:
    """Write both files into a folder, which is made where it is missing: both or none.

    Args:
        folder: where a user will run bstkit.
        features: what features.toml holds. Defaults to the embedded log's, with every key explained.

    Returns:
        The files.

    Raises:
        RunError: one of them is there already, or cannot be written.
    """
    check_untaken(folder)
    texts = {name: (_HERE / name).read_text(encoding="utf-8") for name in FILES}
    if features is not None:
        texts["features.toml"] = features
    registry, described = (folder / name for name in FILES)
    with new_file(registry) as first:
        (first / registry.name).write_text(texts[registry.name], encoding="utf-8")
        with new_file(described) as second:
            (second / described.name).write_text(texts[described.name], encoding="utf-8")
        if registry.exists():  # somebody made it meanwhile: the other one goes too
            described.unlink()
    return registry, described
