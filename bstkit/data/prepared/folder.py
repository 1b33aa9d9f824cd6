"""The folder of a prepared dataset, and how it is opened.

dataset.json       format, rows of each split, what was left out, where it comes from, the arrays
features.toml      with row counts and statistics filled in
vocab/<space>.txt  one key a line, the first line is id 2; none for hashed spaces
arrays/*.npy       one file an array; several arrays may share one
bad_rows.csv       rows of the log that were left out; only where there are any
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bstkit.config.features import ContextId, Features
from bstkit.config.features_file import load_features
from bstkit.data.dataset import Dataset, HistorySteps
from bstkit.data.vocabulary import VocabularyFolder
from bstkit.errors import DataError

DATASET = "dataset.json"
FEATURES = "features.toml"
VOCABULARIES = "vocab"
ARRAYS = "arrays"
BAD_ROWS = "bad_rows.csv"
FORMAT = 1

_HINT = "prepare it again with `bstkit data prepare`"


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredArray(_Fact):
    """Where an array lies, and what it is.

    Args:
        file: below `arrays/`.
        dtype: NumPy's name.
        rows: its length.
    """

    file: str
    dtype: str
    rows: Annotated[int, Field(ge=0)]


class IdColumn(_Fact):
    """What became of a column's keys.

    Args:
        space: its id space.
        keys: how many keys the space's vocabulary has; None where it is hashed.
        oov: split -> share of the values that are out-of-vocabulary.
    """

    space: str
    keys: int | None
    oov: dict[str, float]


class DatasetFacts(_Fact):
    """What dataset.json says.

    Args:
        format: 1.
        bstkit: the version that wrote it.
        origin: the log.
        rows: split -> number of rows, sampled ones included.
        sampled: split -> number of sampled rows; empty where nothing was sampled.
        users: number of users.
        label_rate: task -> split -> share of the labelled rows that are positive; splits without labels are left out.
        columns: column of one id a row -> what became of its keys.
        skipped: rows of the log that were left out, by reason.
        arrays: dotted name -> where it lies.
    """

    format: Literal[1]
    bstkit: str
    origin: str
    rows: dict[str, int]
    sampled: dict[str, int]
    users: int
    label_rate: dict[str, dict[str, float]]
    columns: dict[str, IdColumn]
    skipped: dict[str, int]
    arrays: dict[str, StoredArray]


def is_dataset(path: Path) -> bool:
    """Whether a folder holds a prepared dataset."""
    return (path / DATASET).is_file()


def read_facts(folder: Path) -> DatasetFacts:
    """Read dataset.json.

    Raises:
        DataError: it is missing, damaged, or of a newer format.
    """
    path = folder / DATASET
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{folder} is no prepared dataset: it has no {DATASET}", _HINT) from error
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}", _HINT) from error
    if isinstance(found, dict) and isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise DataError(
            f"{folder} is of format {found['format']}, and this bstkit reads formats up to {FORMAT}",
            "read it with the bstkit that wrote it, or a newer one",
        )
    try:
        return DatasetFacts.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{path} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}", _HINT) from error


def open_dataset(folder: Path | str, *, in_memory: bool = False) -> Dataset:
    """Open a prepared dataset.

    Args:
        folder: what `prepare_dataset` wrote.
        in_memory: read every array now; otherwise the files are mapped and read as they are needed.

    Raises:
        DataError: it is no dataset, of a newer format, or its files are not as they were written.
    """
    folder = Path(folder)
    facts = read_facts(folder)
    features = load_features(folder / FEATURES)
    arrays = {name: _open(folder / ARRAYS / stored.file, stored, in_memory) for name, stored in facts.arrays.items()}
    vocabularies = VocabularyFolder(folder / VOCABULARIES)
    try:
        return Dataset(
            features=features,
            vocabularies=dict(vocabularies) if in_memory else vocabularies,
            target={column: arrays[f"target.{column}"] for column in features.target},
            context={column: arrays[f"context.{column}"] for column in features.context},
            labels={task: arrays[f"labels.{task}"] for task in features.tasks},
            user=arrays["user"],
            time=arrays["time"],
            row=arrays["row"],
            split=arrays["split"],
            sampled=arrays.get("sampled"),
            history={name: _history(arrays, features, name) for name in features.history},
            origin=facts.origin,
            skipped=facts.skipped,
        )
    except KeyError as error:
        raise DataError(f"{folder} lacks the array {error}, which its {FEATURES} speaks of", _HINT) from error


def array_names(features: Features) -> dict[str, str]:
    """Map the dotted name of every array of a row to the name that it has while a dataset is written."""
    names = {name: name for name in ("user", "time", "row", "split")}
    names |= {f"target.{column}": f"id:{column}" for column in features.target}
    for column, feature in features.context.items():
        names[f"context.{column}"] = f"{'id' if isinstance(feature, ContextId) else 'number'}:{column}"
    return names | {f"labels.{task}": f"label:{task}" for task in features.tasks}


def _history(arrays: dict[str, NDArray[Any]], features: Features, name: str) -> HistorySteps:
    history, prefix = features.history[name], f"history.{name}"
    events = history.source == "events"
    return HistorySteps(
        ids={column: arrays[f"{prefix}.{column}"] for column in history.fields},
        start=arrays[f"{prefix}.start"],
        end=arrays[f"{prefix}.end"],
        event=arrays[f"{prefix}.event"] if events else None,
        weight=None if history.weight is None else arrays[f"{prefix}.weight"],
        session=None if history.session_gap_s is None else arrays[f"{prefix}.session"],
        time=None if events or history.time is None else arrays[f"{prefix}.time"],
    )


def _open(path: Path, stored: StoredArray, in_memory: bool) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode=None if in_memory else "r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"cannot read {path}: {error}", _HINT) from error
    if array.shape != (stored.rows,) or array.dtype.name != stored.dtype:
        raise DataError(
            f"{path} holds {array.dtype.name} {array.shape}, and {DATASET} says {stored.dtype} ({stored.rows},)", _HINT
        )
    return array
