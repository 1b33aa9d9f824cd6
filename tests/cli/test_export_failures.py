"""`export` on a full disk and killed half-way: one clear error, and nothing that looks finished."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnx_ir as ir
import pytest

ROOT = Path(__file__).resolve().parents[2]

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
import importlib
write = importlib.import_module("bstkit.export.write")
if "external" in sys.argv[2]:
    write.write_model.__defaults__ = (write._GRAPH_RESERVE,)
from bstkit.cli import main
main(sys.argv[3:])
"""
"""The program, in a process that cannot write a file past a size."""


@pytest.fixture
def trained(built, tmp_path):
    """A copy of the small run without its export."""
    return shutil.copytree(built.run.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("bundle"))


def program(*code):
    """A process that runs code, and its environment."""
    search = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return [sys.executable, "-c", *map(str, code)], {**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("form", ["one file", "external data"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_file_that_cannot_grow_leaves_nothing(trained, form):
    before = names(trained)
    command, environment = program(LIMITED, 8192, form, "export", trained)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    said = " ".join(done.stderr.split())
    assert done.returncode == 2, said
    # NumPy writes large arrays itself, and does not say why it could not.
    reasons = [os.strerror(code) for code in (errno.EFBIG, errno.ENOSPC)]
    assert any(f"cannot write {trained}/bundle: {reason}" in said for reason in reasons), said
    assert "make room, or choose another place with --out" in said
    assert "Traceback" not in said
    assert names(trained) == before


@pytest.mark.parametrize("name", ["save", "serialised"])
def test_full_disk_leaves_nothing(run, trained, monkeypatch, name):
    def full(model, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    if name == "save":
        monkeypatch.setattr(ir, "save", full)
    else:  # one library deeper
        monkeypatch.setattr("onnx.save", full)
    before = names(trained)
    done = run("export", str(trained))
    assert done.code == 2
    assert os.strerror(errno.ENOSPC) in " ".join(done.err.split())
    assert "make room" in done.err
    assert "Traceback" not in done.err
    assert names(trained) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_export_killed_half_way_leaves_one_hidden_folder_and_the_next_succeeds(run, trained):
    before = names(trained)
    command, environment = program("from bstkit.cli import main; main()", "export", trained)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(trained.glob(".bundle.*.partial")):
        assert process.poll() is None, "the export was over before it could be killed"
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    [left] = [name for name in names(trained) if name not in before]
    assert left.startswith(".bundle.")
    assert run("verify", str(trained)).code == 2  # no export, finished or not
    done = run("export", str(trained))
    assert done.code == 0, done.err
    assert names(trained) == sorted([*before, "bundle"])
