"""`init` makes a folder in which the next commands work."""

import json

import pytest

from bstkit.cli import main
from bstkit.config.features_file import load_features
from tests.data.description import logs


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the program in an empty folder; return exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return called


def test_dry_run_works_where_init_was(run, tmp_path):
    code, out, _ = run("init")
    assert code == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["features.toml", "registry.toml"]
    assert "bstkit build --features features.toml --dry-run" in out
    code, out, _ = run("build", "--features", "features.toml", "--dry-run", "--json")
    drawn = json.loads(out)
    assert code == 0
    assert drawn["origins"]["recipe"] == "./registry.toml"
    plain = json.loads(run("build", "--dry-run", "--json")[1])
    assert plain["parameters"] == drawn["parameters"]  # both files say what holds without them


def test_init_reads_a_log(run, tmp_path):
    log = logs.two_tasks(tmp_path / "log.csv")
    code, out, _ = run("init", "project", "--data", log)
    assert code == 0
    assert load_features("project/features.toml").log.labels == {"ctr": "click", "buy": "buy"}
    assert [line.split("  ", 1)[1] for line in out.splitlines() if line.startswith("next")] == [
        "cd project",
        "bstkit build --data ../log.csv --features features.toml --dry-run",
        "bstkit build --data ../log.csv --features features.toml",
    ]


@pytest.mark.parametrize("name", ["registry.toml", "features.toml"])
def test_init_overwrites_nothing(run, tmp_path, name):
    (tmp_path / name).write_text("mine")
    code, _, err = run("init")
    assert code == 2
    assert f"{name} already exists" in err
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]


def test_init_as_json(run):
    _, out, _ = run("init", "--json")
    assert json.loads(out)["files"] == ["registry.toml", "features.toml"]


def test_init_of_a_missing_log_writes_nothing(run, tmp_path):
    code, _, err = run("init", "--data", "gone.csv")
    assert code == 2
    assert "gone.csv" in err
    assert list(tmp_path.iterdir()) == []
