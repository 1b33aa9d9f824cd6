"""Processes of the kit: one that loads plugins, one that loads saved models."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bstkit.testing.tensors import Array, Tensors

_DECLARE = """
import sys
from importlib.metadata import EntryPoint
from bstkit.manager import GROUP, load_plugins
[plugin] = load_plugins([EntryPoint(name="checked", value=sys.argv[1], group=GROUP)]).found
if plugin.cause:
    sys.exit(plugin.cause)
print(*(name for name in ("tensorflow", "keras", "numpy") if name in sys.modules))
"""


@cache
def heavy_after_loading(entry_point: str) -> tuple[str, ...]:
    """Load one plugin in a new process: which of TensorFlow, Keras and NumPy that imported.

    Args:
        entry_point: the module that it names.

    Raises:
        RuntimeError: it does not load there; the text says why.
    """
    done = subprocess.run(
        [sys.executable, "-c", _DECLARE, entry_point], capture_output=True, text=True, env=_environment(), check=False
    )
    if done.returncode:
        raise RuntimeError(f"loading {entry_point} in a new process failed: {done.stderr.strip()}")
    return tuple(done.stdout.split())


def reloaded(model: Path, target: str, tensors: Tensors) -> dict[str, Array]:
    """Let another process load a saved model and call it.

    The process lives on for the next model, since starting TensorFlow takes seconds; it never made a layer itself.

    Args:
        model: a `.keras` file whose outputs are a dict.
        target: `"module:Class"` of the layer in it, which the process imports, as bstkit would.
        tensors: the model's inputs by name.

    Returns:
        Output name -> float32 array.

    Raises:
        RuntimeError: the process could not load or call it; the text is what it said.
    """
    np.savez(model.with_name("tensors.npz"), **tensors)  # type: ignore[arg-type]  # names of tensors are no options
    worker = _worker()
    worker.stdin.write(json.dumps({"folder": str(model.parent), "model": model.name, "target": target}) + "\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        _worker.cache_clear()
        raise RuntimeError("the process that loads the saved model died")
    fault = json.loads(answer)["fault"]
    if fault:
        raise RuntimeError(fault)
    with np.load(model.with_name("results.npz")) as results:
        return {name: results[name] for name in results.files}


@cache
def _worker() -> Any:
    worker = subprocess.Popen(
        [sys.executable, "-m", "bstkit.testing.reload_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
    )
    atexit.register(_end, worker)
    return worker


def _end(worker: Any) -> None:
    worker.stdin.close()  # at which it ends by itself
    worker.wait(timeout=30)
    worker.stdout.close()


def _environment() -> dict[str, str]:
    """This process's, with its import path, so that the new one finds the same modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
