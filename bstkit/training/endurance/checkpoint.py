"""A checkpoint: a folder that holds all that a training needs to go on as if it had never stopped.

state.json      how far it is, its history, early stopping
selection.toml  what it trains
features.toml   with what, row counts and statistics filled in
variables.npz   weights, seeds of dropout, the optimizer's state, the loss of the epoch so far
best.npz        the weights of the best epoch, once one has ended
SHA256SUMS      of the text files; the .npz files hold checksums of their own
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bstkit.config.features_file import features_from_toml, features_to_toml
from bstkit.config.selection_file import selection_from_toml, selection_to_toml
from bstkit.errors import BstkitError, RunError
from bstkit.supplier import as_texts, recorded
from bstkit.training.endurance.made_from import MadeFrom

VARIABLES = "variables.npz"
BEST = "best.npz"

_SCHEMA = 1
_TEXTS = ("state.json", "selection.toml", "features.toml")
_SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class State:
    """How far a training is.

    Args:
        step: steps done, from its very beginning.
        epoch: where it goes on: the epoch, from 0.
        place: of the next batch in that epoch, from 0.
        finished: no step is left to do.
        history: one dict for each whole epoch.
        best: the lowest validation log loss; None before the first epoch's end.
        best_epoch: its epoch, from 0.
        wait: epochs since then.
        seconds: that it has trained, all attempts together.
        resumed: one dict for each time that it went on: `step`, `at`.
    """

    step: int
    epoch: int
    place: int
    finished: bool
    history: list[dict[str, Any]]
    best: float | None
    best_epoch: int
    wait: int
    seconds: float
    resumed: list[dict[str, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint, opened; its arrays are read when they are asked for.

    Args:
        folder: where it lies.
        state: how far the training was.
        made_from: what it is made from.
    """

    folder: Path
    state: State
    made_from: MadeFrom


def write_texts(folder: Path, state: State, made_from: MadeFrom) -> None:
    """Write every file but the arrays into a folder from `bstkit.staging.new_folder`."""
    origin = {"data": made_from.data, "packages": dict(made_from.packages), "weights": made_from.weights}
    origin["components"] = as_texts(made_from.suppliers)
    facts = {"schema": _SCHEMA, **asdict(state), **origin}
    texts = (
        json.dumps(facts, indent=2) + "\n",
        selection_to_toml(made_from.selection),
        features_to_toml(made_from.features),
    )
    sums = ""
    for name, text in zip(_TEXTS, texts, strict=True):
        _write_through(folder / name, text)
        sums += f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
    _write_through(folder / _SUMS, sums)


def keep_best(folder: Path, before: Path | None) -> bool:
    """Take the best weights over from the checkpoint before, as a second name of its file where the disk can."""
    if before is None or not (before / BEST).is_file():
        return False
    try:
        os.link(before / BEST, folder / BEST)
    except OSError:
        shutil.copyfile(before / BEST, folder / BEST)
    return True


def read_checkpoint(folder: Path) -> Checkpoint:
    """Open a checkpoint.

    Raises:
        RunError: a file is missing or damaged.
    """
    try:
        texts = {name: (folder / name).read_bytes() for name in _TEXTS}
        sums = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in texts.items())
        if sums != (folder / _SUMS).read_text(encoding="utf-8"):
            raise ValueError(f"{', '.join(_TEXTS)} are not what {_SUMS} says")
        facts = json.loads(texts["state.json"])
        if facts.pop("schema") != _SCHEMA:
            raise ValueError("it is of another version of bstkit")
        for name in (VARIABLES, *([BEST] if facts["best"] is not None else [])):
            if not (folder / name).is_file():
                raise ValueError(f"{name} is missing")
        origin = {name: facts.pop(name) for name in ("data", "packages", "weights")}
        origin["suppliers"] = recorded(facts.pop("components", None))  # earlier ones have none
        selection, features = (texts[name].decode() for name in ("selection.toml", "features.toml"))
        made_from = MadeFrom(selection_from_toml(selection), features_from_toml(features), **origin)
        return Checkpoint(folder, State(**facts), made_from)
    except (OSError, ValueError, KeyError, TypeError, BstkitError) as error:
        raise damaged(folder, error) from error


def damaged(folder: Path, error: Exception) -> RunError:
    """The error that says that a checkpoint cannot be used."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RunError(
        f"the checkpoint {folder} cannot be used: {reason}", f"remove {folder.parent} and train from the beginning"
    )


def _write_through(file: Path, text: str) -> None:
    """Write a file down to the disk."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
