"""The process that loads saved models: a job a line on standard input, an answer a line on standard output.

A job names a folder with a `.keras` file and `tensors.npz`; results go to `results.npz` there.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bstkit.local_file import import_local_file


def main() -> None:
    """Serve until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what layers print must not mix with the answers
    for line in sys.stdin:
        job = json.loads(line)
        try:
            _load_and_call(Path(job["folder"]), job["model"], job["target"])
            fault = ""
        except Exception as error:  # noqa: BLE001 - whatever a layer raises is the answer
            fault = " ".join(f"{type(error).__name__}: {error}".split())
        answers.write(json.dumps({"fault": fault}) + "\n")
        answers.flush()


def _load_and_call(folder: Path, name: str, target: str) -> None:
    module = target.rpartition(":")[0]
    if module.endswith(".py"):
        import_local_file(Path(module), "the component")
    else:
        import_module(module)
    model = keras.saving.load_model(folder / name, compile=False)
    with np.load(folder / "tensors.npz") as tensors:
        results = model({one: keras.ops.convert_to_tensor(tensors[one]) for one in tensors.files})
    arrays: Any = {one: np.asarray(result) for one, result in results.items()}
    np.savez(folder / "results.npz", **arrays)


if __name__ == "__main__":
    main()
