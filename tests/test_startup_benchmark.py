"""`benchmarks/startup.py` measures commands that see the plugins it makes; the table itself is not run here."""

import json
import os
import subprocess
import sys

from benchmarks import startup


def test_generated_plugins_are_found_and_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(startup, "COUNTS", (0, 2))
    monkeypatch.setattr(startup, "COMMANDS", ("plugins",))
    results = startup.measure(1, tmp_path)
    assert set(results) == {"plugins"}
    assert results["plugins"]["0"]["over none"] == 1.0
    assert results["plugins"]["2"]["ms"] >= results["plugins"]["2"]["fastest ms"] > 0
    path = os.pathsep.join((str(tmp_path / "2"), str(startup.ROOT)))
    code = "from bstkit.cli import main; main(['plugins', '--json'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    states = {one["distribution"]: one["state"] for one in json.loads(done.stdout)}
    assert {name: states[name] for name in states if "startup" in name} == {
        "bstkit_startup_0": "loaded",
        "bstkit_startup_1": "loaded",
    }
