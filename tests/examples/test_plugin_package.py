"""`examples/bstkit_industry` as its users meet it: installed by pip, composed by name, trained, exported, verified."""

import ast
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import onnx
import pytest

import bstkit
from bstkit import testing

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "bstkit_industry"
KEYS = ["encoder.hstu", "pooling.target_attention", "head.ple"]
SMALL = [
    *("train.epochs=1", "train.batch_size=64", "encoder.num_blocks=1"),
    *("pooling.num_heads=2", "pooling.key_dim=4", "pooling.value_dim=4", "pooling.top_k=3"),
    *("head.expert_units=[8]", "head.tower_units=[4]"),
]
"""`--set` for a model that trains in seconds."""


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """Python of a new environment: the package installed by pip, the checkout and this one's dependencies borrowed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    [site] = folder.rglob("site-packages")
    (site / "borrowed.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    python = folder / "bin" / "python"
    source = shutil.copytree(PACKAGE, tmp_path_factory.mktemp("source") / PACKAGE.name)
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install")
    run(*pip, "--no-deps", "--no-index", "--no-build-isolation", str(source), cwd=source)
    return python


@pytest.fixture(scope="session")
def built(python, rich_log, tmp_path_factory):
    """The recipe of the package's README on a small log with two tasks: the run's folder, and what `build` printed."""
    folder = tmp_path_factory.mktemp("industry")
    [registry] = re.findall(r"```toml\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    (folder / "registry.toml").write_text(registry)
    settings = [part for setting in SMALL for part in ("--set", setting)]
    printed = program(python, folder, "build", "--data", rich_log, "--out", "run", "--json", *settings)
    return folder / "run", json.loads(printed)


def run(*command, cwd):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def program(python, cwd, *arguments):
    """Run the program in the new environment."""
    return run(python, "-P", "-c", "from bstkit.cli import main; main()", *arguments, cwd=cwd)


def test_package_imports_public_names_of_bstkit_alone():
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    of_bstkit = {name for name in imported if name.partition(".")[0] == "bstkit"}
    assert "bstkit.Component" in of_bstkit
    public = {f"bstkit.{name}" for name in bstkit.__all__} | {f"bstkit.testing.{name}" for name in testing.__all__}
    assert of_bstkit <= public


def test_plugin_is_loaded_with_its_components_and_hooks(python, tmp_path):
    plugins = {one["distribution"]: one for one in json.loads(program(python, tmp_path, "plugins", "--json"))}
    found = plugins["bstkit-industry"]
    assert (found["state"], found["version"], found["cause"]) == ("loaded", "0.1.0", "")
    assert found["components"] == KEYS
    assert set(found["hooks"]) == {"bstkit_components", "bstkit_export_passes"}


def test_both_tasks_were_trained_and_verified(built):
    folder, printed = built
    report = json.loads((folder / "bundle" / "report.json").read_text())
    assert set(report["outputs"]) == {"ctr", "ctr_logit", "cvr", "cvr_logit"}
    assert report["outputs"]["ctr"]["max_abs"] <= 1e-5
    assert {"empty_history", "over_length", "holes"} <= set(report["cases"])
    assert "Loop" not in report["operations"]
    assert printed


def test_provenance_names_the_package(built):
    folder, _ = built
    manifest = json.loads((folder / "bundle" / "manifest.json").read_text())
    assert {manifest["identity"]["components"][key] for key in KEYS} == {"bstkit-industry 0.1.0"}


def test_export_pass_ran_and_is_recorded(built):
    folder, _ = built
    [recorded] = json.loads((folder / "bundle" / "report.json").read_text())["passes"]
    assert (recorded["name"], recorded["supplier"]) == ("merge_products", "bstkit-industry 0.1.0")
    model = onnx.load(folder / "bundle" / "model.onnx")
    merged = [node.name for node in model.graph.node if "/products_" in node.name and node.op_type != "Split"]
    assert "head_ple/level_1/products_1/MatMul" in merged
    assert {name.rpartition("/")[2] for name in merged} == {"MatMul", "Gemm", "Relu"}


def test_the_tests_of_the_package_pass(python):
    # Without installed plugins of pytest, as its authors' own CI would have it; warnings are errors there, too.
    printed = run(python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", cwd=PACKAGE)
    assert re.search(r"^\d{3} passed", printed, re.MULTILINE), printed
