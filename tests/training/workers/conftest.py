"""Two workers on this machine: processes that end by themselves, or are killed."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 240
SETTINGS = [
    "train.epochs=1",
    "train.batch_size=140",  # 20 steps; the last batch has an odd number of rows
    "train.optimizer=sgd",
    "train.learning_rate=0.5",
    "train.clip_norm=0.1",  # which must look at the gradient of all workers together
    "train.checkpoint_steps=4",
    "train.join_timeout_s=120",
    "encoder.ffn_dim=16",
    "encoder.num_heads=2",
    "encoder.dropout=0.0",
    "head.units=[16]",
    "head.dropout=0.0",
]


@dataclass(frozen=True)
class Ended:
    """How one worker ended."""

    code: int
    stdout: str
    stderr: str
    file: Path

    @property
    def weights(self):
        """Its weights at the end."""
        with np.load(self.file) as arrays:
            return [arrays[name] for name in arrays.files]


def two_ports():
    """Two free ports of this machine."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="session")
def two_workers(small_log, tmp_path_factory):
    """Run `bstkit train` twice, each one of two workers; return how they ended, the chief first."""
    if sys.platform == "win32":
        pytest.skip("TensorFlow joins no workers on Windows")

    def run(folder, *arguments, death=0):
        place = tmp_path_factory.mktemp("workers")
        cluster = {"worker": [f"127.0.0.1:{port}" for port in two_ports()]}
        settings = [part for one in SETTINGS for part in ("--set", one)]
        command = ["train", "--data", str(small_log), "--out", str(folder), *settings, *arguments]
        files, processes = [], []
        try:
            for index in range(2):
                config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
                files.append(place / f"{index}.npz")
                arguments_here = [str(files[-1]), str(death if index else 0), *command]
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.training.workers.worker", *arguments_here],
                        env={**os.environ, "TF_CONFIG": json.dumps(config), "PYTHONPATH": str(ROOT)},
                        cwd=ROOT,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                )
            said = [process.communicate(timeout=TIMEOUT_S) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.communicate()
        return [Ended(one.returncode, *texts, file) for one, texts, file in zip(processes, said, files, strict=True)]

    return run


@pytest.fixture(scope="session")
def together(two_workers, tmp_path_factory):
    """Two workers that train to the end: how they ended, and the chief's run folder."""
    folder = tmp_path_factory.mktemp("together") / "run"
    return two_workers(folder), folder


@pytest.fixture(scope="session")
def alone(small_log, tmp_path_factory):
    """The run of one process with the same settings."""
    from bstkit.config.resolve import load_selection
    from bstkit.training import train

    folder = tmp_path_factory.mktemp("alone")
    selection = load_selection(settings=SETTINGS, working_folder=folder, environ={})
    return train(selection, folder / "run", data=small_log)
