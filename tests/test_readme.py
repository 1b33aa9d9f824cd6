"""The README says what is true: its Python runs, its commands and options exist, its files are there."""

import re
import shlex
from functools import partial
from pathlib import Path

import pytest

from bstkit.data.synthetic import Sizes, click_log

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for part in block.splitlines()
    for line in re.findall(r"(?:^|&& \S*)(bstkit .*)", part)
]


def name_of(command):
    """The words that name a command: two in a group."""
    return command[1:3] if command[1] == "data" else command[1:2]


def test_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    [code] = re.findall(r"```python\nimport bstkit\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bstkit.data.layouts.embedded.click_log", partial(click_log, sizes=Sizes(users=100, items=200)))
    exec(compile(f"import bstkit\n{code}", "README.md", "exec"), {})
    auc, report, first, *_ = capsys.readouterr().out.splitlines()
    assert 0.0 < float(auc) < 1.0
    assert float(report.split()[0]) <= 1e-5
    assert first.startswith("tf.Tensor(")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_of_the_readme_exist_with_their_options(command, capsys, monkeypatch):
    from bstkit.cli import main

    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as done:
        main([*name_of(command), "--help"])
    assert not done.value.code
    usage = capsys.readouterr().out
    for option in (word for word in command if word.startswith("--")):
        assert option in usage


def test_every_command_is_in_the_readme(capsys):
    from bstkit.cli.app import app

    names = {command.name for command in app.registered_commands}
    for group in app.registered_groups:
        names |= {f"{group.name} {command.name}" for command in group.typer_instance.registered_commands}
    assert names == set(re.findall(r"^\| `bstkit ((?:data )?[\w-]+)", README, re.MULTILINE))


def test_files_that_the_readme_names_are_there():
    table = README[README.index("## What is there") :]
    named = re.findall(
        r"`([\w./]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    )
    links = re.findall(r"\]\(([\w./]+)\)", README)
    assert len(named) > 15
    for name in [*named, *links]:
        assert (ROOT / name).exists() or (ROOT / "bstkit" / name).exists(), name
