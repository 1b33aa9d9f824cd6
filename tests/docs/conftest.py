"""An environment and a folder of its own for each page."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.test_install import install

ROOT = Path(__file__).resolve().parents[2]


class Reader:
    """Does what a page says, in order.

    Commands are run without a shell, and some not as they stand. A test has no network: `pip install` and
    `python -m build` do without dependencies and build isolation, and the tools (pip, ruff, build) are this
    environment's. A test should be short: those commands of `bstkit` that import TensorFlow share one process.
    """

    def __init__(self, folder):
        self.python = install(("--editable", str(ROOT)), folder / "environment")
        self.top = self.folder = folder / "work"
        self.folder.mkdir()
        self.worker = None
        self.code = 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV_"))}
        self.environ = {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "200"}

    def run(self, text):
        """Run a command; return its standard output."""
        words = shlex.split(text)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            return ""
        if text == "echo $?":
            printed, self.code = f"{self.code}\n", 0
            return printed
        if words[0] == "bstkit" and words[1] in ("show", "check", "build", "verify"):
            return self._in_worker(words[1:])
        done = subprocess.run(self._command(words), cwd=self.folder, env=self.environ, capture_output=True, text=True)
        self.code = done.returncode
        self.told = done.stdout + done.stderr
        return done.stdout

    def close(self):
        """End the process."""
        if self.worker is not None:
            self.worker.communicate()

    def _in_worker(self, arguments):
        if self.worker is None:  # not before the package is installed
            self.worker = subprocess.Popen(
                [str(self.python), str(Path(__file__).with_name("worker.py")), str(self.top)],
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # TensorFlow's own log; what the program says comes back
                text=True,
            )
        self.worker.stdin.write(json.dumps([str(self.folder.resolve()), arguments]) + "\n")
        self.worker.stdin.flush()
        self.code, out, err = json.loads(self.worker.stdout.readline())
        self.told = out + err
        return out

    def _command(self, words):
        python = str(self.python)
        match words:
            case ["pip", "install", *rest]:
                offline = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
                return [sys.executable, "-m", "pip", "--python", python, "install", *offline, *rest]
            case ["python", "-m", "build", *rest]:
                return [sys.executable, "-m", "build", "--no-isolation", *rest]
            case ["ruff", *rest]:
                return [sys.executable, "-m", "ruff", *rest]
            case ["python", *rest]:
                return [python, *rest]
            case ["pytest", *rest]:
                return [python, "-m", "pytest", *rest]
            case ["bstkit", *rest]:
                return [str(self.python.with_name("bstkit")), *rest]
        return words


@pytest.fixture(scope="session")
def reader(tmp_path_factory):
    """Somebody who reads a page with a fresh environment that has bstkit."""
    reader = Reader(tmp_path_factory.mktemp("reader").resolve())
    yield reader
    reader.close()
