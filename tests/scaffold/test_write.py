"""What is written for each kind is whole, tidy, and declares itself. tests/docs runs one package's own tests."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bstkit.contracts import CONTRACT_VERSION, KINDS, RESERVED_PARAMETERS
from bstkit.errors import RunError
from bstkit.manager import load_plugins
from bstkit.registry import Registry
from bstkit.scaffold.names import package_names
from bstkit.scaffold.write import TEMPLATE, write_package
from bstkit.signature import parameters
from tests.plugin_packages import entry_point

ROOT = Path(__file__).resolve().parents[2]
LONG = "an_idea_with_quite_a_long_name"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """One package a kind, and one more with a long name and an author."""
    folder = tmp_path_factory.mktemp("packages")
    for kind in KINDS:
        write_package(package_names(f"{kind}.probe", f"bstkit-probe-{kind}"), folder / kind)
        names = package_names(f"{kind}.{LONG}", f"bstkit-{LONG.replace('_', '-')}-{kind}")
        write_package(names, folder / f"long_{kind}", 'Zoë "Z" <zoe@example.org>')
    return folder


def test_each_package_has_the_same_files(packages):
    for kind in KINDS:
        written = sorted(
            str(file.relative_to(packages / kind)) for file in (packages / kind).rglob("*") if file.is_file()
        )
        assert written == [
            ".github/workflows/test.yml",
            ".gitignore",
            "README.md",
            f"bstkit_probe_{kind}/__init__.py",
            f"bstkit_probe_{kind}/layers.py",
            "pyproject.toml",
            "tests/test_layers.py",
            "tests/test_rules.py",
        ]


def test_nothing_of_the_template_is_left_in_it(packages):
    for file in (file for file in packages.rglob("*") if file.is_file()):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\{%|%\}|(?<!\$)\{\{(?! name =)|\n\n\n\n", text), file
        assert str(ROOT) not in text, file
        assert text.endswith("\n"), file
        assert not text.endswith("\n\n"), file


def test_ruff_has_nothing_to_say(packages):
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--no-cache", "."], ["format", "--no-cache", "--check", "."]):
        done = subprocess.run([*ruff, *command], cwd=packages, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_records_load_and_the_class_is_built_from_defaults(packages, kind, monkeypatch):
    monkeypatch.syspath_prepend(packages / kind)
    plugins = load_plugins([entry_point("bstkit-probe", "0.1.0", f"bstkit_probe_{kind}")])
    assert [one.state for one in plugins.found] == ["loaded"], plugins.found
    [record] = plugins.found[0].components
    assert (record.key, record.contract) == (f"{kind}.probe", CONTRACT_VERSION)
    layer_class = Registry(plugins, {}, {}).load_class(record.key)
    assert layer_class.__name__ == f"Probe{kind.title()}"
    layer = layer_class(**({"tasks": ["ctr"]} if kind == "head" else {}))
    own = {one.name for one in parameters(layer_class)} - RESERVED_PARAMETERS
    assert 1 <= len(own) <= 2
    assert own <= set(layer.get_config())


def test_pyproject_states_what_bstkit_states(packages):
    own = tomllib.loads((ROOT / "pyproject.toml").read_text())
    made = tomllib.loads((packages / "long_head" / "pyproject.toml").read_text())
    assert made["project"]["authors"] == [{"name": 'Zoë "Z"', "email": "zoe@example.org"}]
    assert made["project"]["requires-python"] == own["project"]["requires-python"]
    assert made["build-system"] == own["build-system"]
    keras = [one for one in own["project"]["dependencies"] if one.startswith("keras")]
    assert keras == [one for one in made["project"]["dependencies"] if one.startswith("keras")]
    assert made["tool"]["pytest"]["ini_options"]["xfail_strict"]
    [entry] = made["project"]["entry-points"]["bstkit"].values()
    assert (packages / "long_head" / entry / "__init__.py").is_file()


def test_without_copier_the_hint_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RunError, match="needs copier") as caught:
        write_package(package_names("encoder.mamba"), tmp_path / "new")
    assert caught.value.hint == "pip install 'bstkit[new]'"


def test_a_failure_leaves_nothing_behind(monkeypatch, tmp_path):
    def failing(template, folder, *_, **__):
        (Path(folder) / "half").write_text("written")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("copier.run_copy", failing)
    with pytest.raises(RunError, match="No space left"):
        write_package(package_names("encoder.mamba"), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_template_has_no_python_files_that_tools_would_read():
    assert not [file for file in TEMPLATE.rglob("*") if file.suffix in {".py", ".toml"}]
