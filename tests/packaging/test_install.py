"""The files that bstkit reads are in a wheel, a wheel of the sdist and an editable install."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import bstkit, importlib.metadata, sys
from bstkit.bundle.cpp_project import cpp_sources
from bstkit.config.resolve import load_selection
from bstkit.data.feature_files import packaged_features
from bstkit.scaffold.write import TEMPLATE
print(bstkit.__file__)
print(load_selection(environ={}).recipe)
print(packaged_features("embedded").is_file() and packaged_features("movielens").is_file())
print(sorted(one.name for one in cpp_sources().iterdir()))
print(sorted(str(file.relative_to(TEMPLATE)) for file in TEMPLATE.rglob("*") if file.is_file()))
print(importlib.metadata.version("bstkit"))
print([entry.value for entry in importlib.metadata.entry_points(group="bstkit") if entry.dist.name == "bstkit"])
"""


def run(*arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """The tracked files alone, as a clean clone has them."""
    folder = tmp_path_factory.mktemp("checkout")
    kept = ("bstkit", "examples/cpp", "registry.toml", "pyproject.toml", "README.md", "tests/conftest.py")
    listed = run("git", "ls-files", *kept, cwd=ROOT)
    for name in listed:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.fixture(scope="session")
def built(checkout, tmp_path_factory):
    """A wheel of the checkout, and a wheel of the sdist."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    run(*build, str(out / "direct"), "--wheel", str(checkout))
    run(*build, str(out / "sdist"), str(checkout))  # without --wheel it builds the sdist, then a wheel from it
    return {
        "wheel": next((out / "direct").glob("*.whl")),
        "sdist": next((out / "sdist").glob("*.whl")),
    }


def install(target, folder):
    """Install into a new environment that borrows this one's dependencies but not its bstkit."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = next(folder.rglob("site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", "--no-build-isolation", *target)
    return python


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_installed_package_finds_its_files(kind, checkout, built, tmp_path):
    target = ("--editable", str(checkout)) if kind == "editable" else (str(built[kind]),)
    python = install(target, tmp_path / "environment")
    printed = run(str(python), "-P", "-c", PROBE, cwd=tmp_path)
    location, recipe, files, sources, template, version, entry_points = printed
    assert Path(location).is_relative_to(checkout if kind == "editable" else tmp_path)
    assert (recipe, files, version) == ("bst_small", "True", "0.1.0")
    assert sources == str(sorted(path.name for path in (checkout / "examples" / "cpp").iterdir()))
    source = checkout / "bstkit" / "scaffold" / "template"
    assert template == str(sorted(str(file.relative_to(source)) for file in source.rglob("*") if file.is_file()))
    assert entry_points.startswith("['bstkit.plugins'")


def test_wheel_holds_no_tests(built):
    names = run(sys.executable, "-m", "zipfile", "--list", str(built["wheel"]))
    assert any("bstkit/registry.toml" in name for name in names)
    assert not any(name.startswith("tests/") for name in names)
