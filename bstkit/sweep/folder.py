"""The folder of a sweep: what was asked, the dataset that every training reads, what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bstkit.config.features import Features
from bstkit.errors import RunError
from bstkit.progress import Progress, StagesAsOne
from bstkit.staging import replaced_file, sole_user

DEFINITION, TABLE, DATASET, OUTCOMES = "sweep.json", "table.md", "dataset", "outcomes"


@contextmanager
def opened(folder: Path, definition: dict[str, Any], resume: bool) -> Iterator[None]:
    """Make the folder, or go on in one of the same definition, alone."""
    if folder.exists() and not resume:
        raise RunError(f"{folder} already exists", "go on in it with --resume, or choose another place with --out")
    file = folder / DEFINITION
    folder.mkdir(parents=True, exist_ok=True)
    with sole_user(folder):
        if file.is_file():
            known = json.loads(file.read_bytes())
            changed = [key for key, value in definition.items() if known.get(key) != value]
            if changed:
                raise RunError(
                    f"{folder} holds another sweep: {', '.join(changed)} differ",
                    "give the same options as before, or choose another place with --out",
                )
        elif any(folder.iterdir()):
            raise RunError(f"{folder} holds no sweep", "choose another place with --out")
        else:
            with replaced_file(file) as staging:
                (staging / DEFINITION).write_text(json.dumps(definition, indent=2) + "\n", encoding="utf-8")
        yield


def prepared(folder: Path, data: Path | None, features: Features, progress: Progress) -> Path:
    """The dataset that every training reads."""
    from bstkit.data.prepared.folder import is_dataset
    from bstkit.data.prepared.job import prepare_dataset

    if data is not None and is_dataset(data):
        return data
    dataset = folder / DATASET
    if not dataset.exists():
        with progress.stage("prepare data") as advance:
            prepare_dataset(data, dataset, features, progress=StagesAsOne(advance, {}))
    return dataset
