"""The package of examples/failing_plugins, installed by pip: every failure is shown, and none disturbs the others."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIGHT = ("--disable-plugins", "bstkit-failing:slow")
"""Keras costs seconds, so the plugin that imports it is left out at first."""

NEEDED = {
    "raising_hook": (("build", "--encoder", "raising_hook", "--dry-run"), "RuntimeError: the licence has run out"),
    "newer_contract": (("show", "encoder.newer_contract"), "upgrade bstkit"),
    "clash": (("build", "--pooling", "both", "--dry-run"), 'prefer = { "pooling.both" = "bstkit-failing:clash" }'),
    "absent_target": (("show", "encoder.absent_target"), "has no attribute 'NobodyWroteThis'"),
}
"""Commands that cannot do without a plugin that fails, and what they say."""

COMMANDS = {
    "list": (*LIGHT, "list", "pooling", "--json"),
    **{name: ("-q", *LIGHT, *arguments) for name, (arguments, _) in NEEDED.items() if name != "absent_target"},
    "plugins": ("plugins", "--json"),
    "absent_target": ("-q", *NEEDED["absent_target"][0]),
    "build": ("-q", "build", "--pooling", "sound", "--dry-run", "--json"),
}

RUN = """
import contextlib, io, json, sys
from bstkit.cli import main
done = {}
for name, arguments in json.loads(sys.argv[1]).items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            done[name] = (ended.code, out.getvalue(), err.getvalue())
print(json.dumps(done))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Exit code, output and errors of each command, in an environment that borrows this one's packages.

    The failing plugins are its own. One process runs the commands one after the other: TensorFlow is imported once.
    """
    folder = tmp_path_factory.mktemp("failing")
    venv.create(folder / "environment", with_pip=False)
    python = folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = next((folder / "environment").rglob("site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--no-deps")
    package = tmp_path_factory.mktemp("source") / "failing_plugins"
    shutil.copytree(ROOT / "examples" / "failing_plugins", package)
    subprocess.run([*pip, "--no-index", "--no-build-isolation", str(package)], capture_output=True, check=True)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    ran = subprocess.run(
        [str(python), "-c", RUN, json.dumps(COMMANDS)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def plugins(done):
    """Entry point -> what `plugins --json` says of it, nothing disabled."""
    code, out, err = done["plugins"]
    assert code == 0, err
    return {one["name"]: one for one in json.loads(out) if one["distribution"] == "bstkit-failing"}


STATES = {
    "absent_target": ("loaded", [], ""),
    "broken_import": ("broken", [], "ModuleNotFoundError: No module named 'a_package_that_is_not_installed'"),
    "clash": ("loaded", ["clash", "clash"], ""),
    "newer_contract": ("newer contract", [], "is written for contract 1000; this bstkit knows 1: upgrade bstkit"),
    "raising_hook": ("broken", [], "RuntimeError: the licence has run out"),
    "second_clash": ("loaded", ["clash"], ""),
    "slow": ("loaded", ["slow"], ""),
    "sound": ("loaded", [], ""),
    "unknown_hook": ("broken", [], "unknown hook 'bstkit_component', did you mean 'bstkit_components'?"),
    "wrong_record": ("broken", [], "unknown kind 'encodr', did you mean 'encoder'?"),
}


def test_every_plugin_is_in_its_state(plugins):
    assert set(plugins) == set(STATES)
    for name, (state, remarks, cause) in STATES.items():
        found = plugins[name]
        assert found["title"] == f"bstkit-failing:{name}"
        assert (found["state"], [one["name"] for one in found["remarks"]]) == (state, remarks), found
        assert found["cause"].endswith(cause) if cause else found["cause"] == ""
        assert (found["advice"] == "") == (state == "loaded")


def test_slow_plugin_names_what_it_imported(plugins):
    [remark] = plugins["slow"]["remarks"]
    assert "tensorflow (" in remark["text"]
    assert plugins["slow"]["load_ms"] > 300 > plugins["sound"]["load_ms"]


def test_clashes_name_the_other_plugin_and_the_line_that_settles_them(plugins):
    texts = [one["text"] for one in plugins["clash"]["remarks"]]
    assert texts[0] == (
        "pooling.both: bstkit-failing:second_clash 0.1.0 provides it too; choose one:  "
        'prefer = { "pooling.both" = "bstkit-failing:clash" }'
    )
    assert texts[1].startswith("pooling.max: bstkit 0.1.0 provides it too; choose one:")


def test_list_warns_of_what_did_not_load_and_lists_the_rest(done):
    code, out, err = done["list"]
    assert code == 0
    listed = {(one["key"], one["provider"]): one["clash"] for one in json.loads(out)}
    assert listed["pooling.sound", "bstkit-failing:sound 0.1.0"] == ""
    assert "choose one" in listed["pooling.max", "bstkit 0.1.0"]
    assert ("pooling.slow", "bstkit-failing:slow 0.1.0") not in listed
    broken = [line.split()[2] for line in err.splitlines()]
    assert broken == [f"bstkit-failing:{name}" for name, (state, *_) in STATES.items() if state != "loaded"]


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for name, (_, reason) in NEEDED.items()], ids=NEEDED)
def test_failure_is_fatal_where_it_is_needed(done, name, reason):
    code, out, err = done[name]
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "bstkit-failing" in err
    assert reason in err
    assert "Traceback" not in err


def test_build_that_needs_none_of_the_failing_plugins_composes(done):
    code, out, err = done["build"]
    assert (code, err) == (0, "")
    assert "pooling.sound" in {line["name"] for line in json.loads(out)["drawing"]}
