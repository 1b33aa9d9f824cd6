"""The lowest ONNX Runtime that a file states does load it, and gives TensorFlow's numbers; so does every later one.

Wheels of the stated versions are for older interpreters: where one is on the path, they are tried themselves.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.config.resolve import load_selection
from bstkit.export.assemble import assemble
from bstkit.export.contract import LOWEST_ONNXRUNTIME
from bstkit.export.verification import Verifier
from bstkit.export.write import _GRAPH_RESERVE, PROTOBUF_LIMIT, write_model
from tests.export import old_runtime
from tests.export.conftest import randomise
from tests.models import SPACES, features

RECIPES = ("bst", "bst_small", "bst_deepctr", "din", "dien", "dsin")
SESSIONS = {"mask": "all", "session_gap_s": 1800.0, "max_sessions": 3, "session_length": 4}

VOCABULARIES = {
    space: [f"{space} {i}" if space in ("cate", "age") else str(7 * i) for i in range(rows - 2)]
    for space, rows in SPACES.items()
}

OLDEST_HERE = {(3, 11): "1.15.0", (3, 12): "1.17.0", (3, 13): "1.20.0"}
"""Interpreter -> the oldest ONNX Runtime that there is a wheel for."""

STATED = {version: f"{version}.0" for version in LOWEST_ONNXRUNTIME.values()}


def composed(recipe, opset, folder):
    """A packaged recipe in miniature, every weight of its own."""
    settings = [f"export.opset={opset}", "head.units=[16, 8]"]
    selection = load_selection(recipe, settings=settings, environ={}, working_folder=folder)
    history = {"negatives": "uniform"} if recipe == "dien" else SESSIONS if recipe == "dsin" else {}
    return randomise(compose(selection, features(dim=16, max_length=12, **history)))


def write(folder, composed, ids="encoded", limit=PROTOBUF_LIMIT):
    """Write a file, and what TensorFlow scores on every case."""
    folder.mkdir()
    verifier = Verifier(composed, vocabularies=VOCABULARIES)
    write_model(assemble(composed, keys=verifier.keys if ids == "raw" else None)[0], folder / "model.onnx", limit)
    arrays = {}
    for case in verifier.cases:
        for number, feeds in enumerate([case.feeds] if case.twin is None else [case.feeds, case.twin]):
            given = verifier.raw_feeds.convert(feeds) if ids == "raw" else feeds
            # Objects would be pickled, and pickles of a newer NumPy are not read by an older one.
            given = {name: values.astype(str) if values.dtype == object else values for name, values in given.items()}
            for side, group in (("in", given), ("out", verifier.reference.score(feeds))):
                arrays |= {f"{case.name} {number}|{side}|{name}": values for name, values in group.items()}
    np.savez_compressed(folder / "cases.npz", **arrays)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Opset -> folders, each a model and its cases."""
    root = tmp_path_factory.mktemp("files")
    for opset in LOWEST_ONNXRUNTIME:
        (root / str(opset)).mkdir()
        for recipe in RECIPES:
            model = composed(recipe, opset, root)
            write(root / str(opset) / recipe, model)
            if recipe == "bst_small":
                write(root / str(opset) / "raw_ids", model, ids="raw")
                write(root / str(opset) / "external_data", model, limit=_GRAPH_RESERVE)
    return {opset: sorted((root / str(opset)).iterdir()) for opset in LOWEST_ONNXRUNTIME}


def interpreters():
    """Interpreters that may have older wheels, the newest first: (command, environment)."""
    for version in ("3.10", "3.9", "3.8"):
        command = shutil.which(f"python{version}")
        # A version manager's stand-in asks this variable which one it stands for.
        environment = {**os.environ, "PYENV_VERSION": version}
        environment.pop("PYTHONPATH", None)
        if command and not subprocess.run([command, "--version"], env=environment, capture_output=True).returncode:
            yield command, environment


def installed(version, command, environment, folder):
    """The interpreter of a new environment with this ONNX Runtime, or why there is none.

    Of what ONNX Runtime asks for, inference needs NumPy alone.
    """
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    for step in (
        [command, "-m", "venv", str(folder)],
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
            f"onnxruntime=={version}",
            "numpy<2",
        ],
    ):
        done = subprocess.run(step, env=environment, capture_output=True, text=True)
        if done.returncode:
            return None, (done.stderr.strip().splitlines() or ["venv failed"])[-1]
    return python, ""


def replay(python, folders):
    """What `old_runtime` prints."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [str(python), str(Path(old_runtime.__file__)), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check(found, version, folders):
    assert found["version"] == version
    assert len(found["shares"]) == 4 * len(folders)
    assert {key: share for key, share in found["shares"].items() if isinstance(share, str) or share > 1} == {}


@pytest.mark.parametrize("opset", LOWEST_ONNXRUNTIME)
def test_lowest_runtime_that_a_file_states_gives_the_same_numbers(opset, files, tmp_path):
    version, why = STATED[LOWEST_ONNXRUNTIME[opset]], "no python3.10, python3.9 or python3.8 is on the path"
    for number, (command, environment) in enumerate(interpreters()):
        python, why = installed(version, command, environment, tmp_path / str(number))
        if python is not None:
            check(replay(python, files[opset]), version, files[opset])
            return
    pytest.skip(f"ONNX Runtime {version} cannot be installed: {why}")


def test_oldest_runtime_of_this_interpreter_gives_the_same_numbers(files, tmp_path):
    version = OLDEST_HERE[sys.version_info[:2]]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    python, why = installed(version, sys.executable, environment, tmp_path / "environment")
    if python is None:
        pytest.skip(f"ONNX Runtime {version} cannot be installed: {why}")
    for folders in files.values():
        check(replay(python, folders), version, folders)
