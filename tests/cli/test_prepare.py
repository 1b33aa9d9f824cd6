"""`data prepare` as a user meets it, and training on what it made."""

import csv
import subprocess
import sys

import pytest

from bstkit.data.prepared.folder import open_dataset

LOG = "user,time,item,click\n"
FEATURES = """
[spaces]
item = { dim = 4 }
[log]
user = "user"
time = "time"
labels = { ctr = "click" }
[target]
item = "item"
[history.hist]
fields = { item = "item" }
max_length = 4
[split]
leave_last = 1
"""


def lines(name="u", bad=()):
    """Forty events of one user; those in `bad` have a word as their time."""
    return "".join(f"{name},{'soon' if place in bad else place},i{place % 3},{place % 2}\n" for place in range(40))


@pytest.fixture
def log(tmp_path):
    (tmp_path / "features.toml").write_text(FEATURES)
    path = tmp_path / "log.csv"
    path.write_text(LOG + lines("u") + lines("v"))
    return path


def test_summary_names_rows_keys_and_the_next_command(run, log):
    ran = run("data", "prepare", str(log), "--out", "made")
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines() if line.startswith(("train", "item "))] == [
        ["train", "76", "95.0%", "0.5000"],
        ["item", "item", "3", "0.00%", "0.00%", "0.00%"],
    ]
    assert "next     bstkit train --data made" in ran.out
    assert "read log: " in ran.err


def test_dataset_is_named_after_the_log(run, log, tmp_path):
    assert run("data", "prepare", str(log)).code == 0
    assert len(open_dataset(tmp_path / "datasets" / "log").row) == 80


def test_json_holds_the_same_facts(run, log):
    ran = run("data", "prepare", str(log), "--out", "made", "--json")
    facts = ran.json
    assert ran.code == 0
    assert facts["rows"] == {"train": 76, "validation": 2, "test": 2}
    assert facts["columns"]["item"] == {
        "space": "item",
        "keys": 3,
        "oov": {"train": 0.0, "validation": 0.0, "test": 0.0},
    }
    assert facts["users"] == 2
    assert set(facts["seconds"]) >= {"read log", "sort events", "check for leaks"}


def test_pattern_of_shards_is_one_log(run, log, tmp_path):
    (tmp_path / "shards").mkdir()
    for name in "uv":
        (tmp_path / "shards" / f"{name}.csv").write_text(LOG + lines(name))
    ran = run("data", "prepare", "shards/*.csv", "--features", "features.toml", "--out", "made")
    assert ran.code == 0
    assert len(open_dataset(tmp_path / "made").row) == 80


def test_bad_rows_are_refused_and_listed(run, log, tmp_path):
    log.write_text(LOG + lines(bad=(3, 9)))
    ran = run("data", "prepare", str(log), "--out", "made")
    assert ran.code == 2
    assert "'soon' in row 4" in ran.err
    assert "Traceback" not in ran.err
    with (tmp_path / "made.bad_rows.csv").open(newline="") as file:
        assert [line["row"] for line in csv.DictReader(file)] == ["4", "10"]
    assert not (tmp_path / "made").exists()


def test_bad_rows_are_left_out_where_asked(run, log, tmp_path):
    log.write_text(LOG + lines("u", bad=(3, 9)) + lines("v"))
    ran = run("data", "prepare", str(log), "--out", "made", "--bad-rows", "skip", "--max-bad-share", "0.1")
    assert ran.code == 0
    assert "2 time column 'time' is not seconds or a date; listed in made/bad_rows.csv" in ran.out
    with (tmp_path / "made" / "bad_rows.csv").open(newline="") as file:
        assert [line["value"] for line in csv.DictReader(file)] == ["soon", "soon"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.toml", "log.csv", "made"]
    assert dict(open_dataset(tmp_path / "made").skipped) == {"time column 'time' is not seconds or a date": 2}


def test_more_bad_rows_than_allowed_are_refused(run, log, tmp_path):
    log.write_text(LOG + lines(bad=(3, 9)))
    ran = run("data", "prepare", str(log), "--out", "made", "--bad-rows", "skip", "--max-bad-share", "0.01")
    assert ran.code == 2
    assert "5" in ran.err
    assert "made.bad_rows.csv" in ran.err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing.csv",), "nothing.csv"),
        (("log.csv", "--features", "none.toml"), "none.toml"),
        (("log.csv", "--vocabularies", "."), "has no vocabularies"),
        (("log.csv", "--memory-limit", "lots"), "no amount of memory"),
        (("log.csv", "--extend"), "--vocabularies"),
    ],
    ids=["no_log", "no_features", "no_vocabularies", "no_size", "extend_alone"],
)
def test_bad_input_is_one_clear_error(run, log, tmp_path, arguments, says):
    ran = run("data", "prepare", *arguments, "--out", "made")
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "hint:" in ran.err
    assert not (tmp_path / "made").exists()


def test_earlier_ids_are_kept(run, log, tmp_path):
    run("data", "prepare", str(log), "--out", "first")
    log.write_text(LOG + lines("u") + "u,41,new,1\nu,42,new,0\nu,43,i0,1\nu,44,i0,0\n")
    ran = run("data", "prepare", str(log), "--out", "second", "--vocabularies", "first", "--extend")
    assert ran.code == 0
    first, second = ((tmp_path / name / "vocab" / "item.txt").read_text() for name in ("first", "second"))
    assert second == first + "new\n"


def test_preparing_never_imports_tensorflow(log, tmp_path):
    program = (
        "import sys\nfrom bstkit.cli import main\n"
        "try: main(['data', 'prepare', *sys.argv[1:]])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()\n"
    )
    arguments = [str(log), "--out", str(tmp_path / "made")]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True)


def test_training_on_a_dataset_equals_training_on_its_log(small_log, small_selection, built, tmp_path):
    from bstkit.data.feature_files import features_for
    from bstkit.data.prepared.job import prepare_dataset
    from bstkit.training import train

    prepare_dataset(small_log, tmp_path / "made", features_for(small_log))
    run = train(small_selection, tmp_path / "run", data=tmp_path / "made")
    assert run.metrics["test"] == built.run.metrics["test"]
    assert run.provenance["data"]["sha256"] == built.run.provenance["data"]["sha256"]
