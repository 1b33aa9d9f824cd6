"""Commands and name errors that need no model import neither TensorFlow nor Keras nor NumPy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bstkit
from tests.supplied import third

CODE = """
import sys
from bstkit.cli import main
try:
    main(sys.argv[1:])
finally:
    heavy = [name for name in ("tensorflow", "keras", "numpy") if name in sys.modules]
    sys.stderr.write(f"heavy: {heavy}")
"""

HEAVY = """
import sys
heavy = [name for name in ("tensorflow", "keras", "numpy") if name in sys.modules]
sys.stderr.write(f"heavy: {heavy}")
"""

COMMANDS = {
    "help": (("--help",), 0),
    "version": (("--version",), 0),
    "list": (("list",), 0),
    "list_json": (("list", "pooling", "--json"), 0),
    "plugins": (("plugins",), 0),
    "unknown_command": (("biuld",), 2),
    "unknown_option": (("list", "--jsn"), 2),
    "list_optimizer": (("list", "optimizer"), 0),
    "show_schedule": (("show", "schedule.cosine", "--json"), 0),
    "unknown_optimizer": (("show", "optimizer.adamv"), 2),
    "unknown_kind": (("list", "encodr"), 2),
    "unknown_component": (("show", "encoder.transfomer"), 2),
    "unknown_recipe": (("show", "--recipe", "dein"), 2),
    "build_help": (("build", "--help"), 0),
    "build_component": (("build", "--encoder", "transfomer"), 2),
    "build_recipe": (("build", "--recipe", "bts"), 2),
    "build_setting": (("build", "--set", "trian.epochs=3"), 2),
    "train_slot": (("train", "--set", "poling.units=[8]"), 2),
    "train_init_from": (("train", "--init-from", "gone"), 2),
    "build_features": (("build", "--features", "gone.toml"), 2),
    "export_run": (("export", "gone"), 2),
    "report_help": (("report", "--help"), 0),
    "report_run": (("report", "gone"), 2),
    "predict_help": (("predict", "--help"), 0),
    "predict_data": (("predict", "gone", "--data", "gone.csv", "--out", "s.csv"), 2),
    "predict_out": (("predict", "gone", "--data", ".", "--out", "s.txt"), 2),
    "predict_run": (("predict", "gone", "--data", ".", "--out", "s.csv"), 2),
    "evaluate_help": (("evaluate", "--help"), 0),
    "evaluate_slice": (("evaluate", "gone", "--data", ".", "--slices", "tme"), 2),
    "evaluate_split": (("evaluate", "gone", "--data", ".", "--split", "tst"), 2),
    "evaluate_run": (("evaluate", "gone", "--data", "."), 2),
    "diff_help": (("diff", "--help"), 0),
    "init": (("init",), 0),
    "new": (("new", "encoder.mamba"), 0),
    "new_kind": (("new", "encodr.mamba"), 2),
    "new_taken": (("new", "encoder.gru"), 2),
    "data_help": (("data", "--help"), 0),
    "fetch_list": (("data", "fetch", "--list"), 0),
    "fetch_name": (("data", "fetch", "movielens"), 2),
    "missing_registry": (("list", "--registry", "gone.toml"), 2),
}

SELECTIONS = {
    "recipe": {"recipe": "bts"},
    "component": {"slots": {"encoder": "transfomer"}},
    "slot": {"settings": ["poling.units=[8]"]},
    "table": {"settings": ["trian.epochs=3"]},
    "kind": {"slots": {"encoder": "encodr.transformer"}},
    "key": {"settings": ["train.epoch=3"]},
}


@pytest.fixture
def heavy_after(tmp_path):
    """Run code in a fresh interpreter and an empty folder; return its exit code and what it reports as imported."""
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}

    def run(code, *arguments):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ)
        assert "heavy: " in done.stderr, done.stderr
        return done.returncode, done.stderr.rpartition("heavy: ")[2].strip()

    return run


@pytest.mark.parametrize(("arguments", "code"), COMMANDS.values(), ids=COMMANDS)
def test_light_commands_import_nothing_heavy(heavy_after, arguments, code):
    assert heavy_after(CODE, *arguments) == (code, "[]")


@pytest.mark.parametrize("options", SELECTIONS.values(), ids=SELECTIONS)
def test_name_errors_of_a_selection_import_nothing_heavy(heavy_after, options):
    code = f"""
import sys
from bstkit import BstkitError, load_selection
try:
    load_selection(**{options!r}, environ={{}})
except BstkitError:
    heavy = [name for name in ("tensorflow", "keras", "numpy") if name in sys.modules]
    sys.stderr.write(f"heavy: {{heavy}}")
"""
    assert heavy_after(code) == (0, "[]")


def test_runs_without_their_plugin_are_refused_before_anything_heavy(heavy_after, built, tmp_path):
    third(built.run.folder, tmp_path / "june")
    commands = [
        ("export", "june"),
        ("verify", "june"),
        ("predict", "june", "--data", ".", "--out", "s.csv"),
        ("evaluate", "june", "--data", "."),
        ("train", "--init-from", "june"),
        ("train", "--resume", "--out", "june"),
    ]
    code = f"""
from bstkit.cli import main
for command in {commands}:
    try:
        main(command)
    except SystemExit as stopped:
        assert stopped.code == 2, command
{HEAVY}
"""
    assert heavy_after(code) == (0, "[]")


def test_describing_a_log_imports_neither_tensorflow_nor_keras(heavy_after, small_log):
    for command in (("data", "describe", str(small_log)), ("init", "here", "--data", str(small_log))):
        assert heavy_after(CODE.replace(', "numpy"', ""), *command) == (0, "[]")


def test_fetching_imports_nothing_heavy(heavy_after):
    code = """
import sys
from bstkit.data.fetching import DATA_SETS, fetch
heavy = [name for name in ("tensorflow", "keras", "numpy", "duckdb") if name in sys.modules]
sys.stderr.write(f"heavy: {heavy}")
"""
    assert heavy_after(code) == (0, "[]")


def test_help_imports_no_plugin_no_configuration_and_no_template_library(heavy_after):
    modules = '("bstkit.manager", "bstkit.config.resolve", "bstkit.plugins", "pydantic.main", "copier")'
    assert heavy_after(CODE.replace('("tensorflow", "keras", "numpy")', modules), "--help") == (0, "[]")


def test_show_of_a_component_does_import_the_heavy_ones(heavy_after):
    code, heavy = heavy_after(CODE, "show", "pooling.mean")
    assert (code, "keras" in heavy) == (0, True)  # so the tests above would notice
