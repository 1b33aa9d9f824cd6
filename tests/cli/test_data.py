"""`data describe` and `data fetch` as a user meets them."""

import json

import pytest

from bstkit.cli import main
from bstkit.config.features_file import features_from_toml, load_features
from tests.data.description import logs
from tests.data.fetching.conftest import ARCHIVE, describe
from tests.data.fetching.server import Behaviour, serving


@pytest.fixture
def run(capsys):
    """Run the program; return exit code, standard output and standard error."""

    def called(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return called


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return logs.two_tasks(tmp_path_factory.mktemp("log") / "log.csv")


def test_describe_prints_facts_then_the_proposal(run, log):
    code, out, err = run("data", "describe", log)
    assert code == 0
    facts, _, proposal = out.partition("# features.toml for ")
    for said in ("rows ", "time span", "users ", "events per user", "new in last 10 %", "duplicates"):
        assert said in facts
    assert features_from_toml("# " + proposal).log.labels == {"ctr": "click", "buy": "buy"}
    assert "describe: " in err


def test_describe_as_json_holds_the_same_facts(run, log):
    code, out, _ = run("data", "describe", log, "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["users"] == 70
    assert {one["column"] for one in facts["ids"]} == {"user", "item", "device"}
    assert features_from_toml(facts["proposal"]).log.user == "user"


def test_describe_writes_the_proposal_and_overwrites_nothing(run, log, tmp_path):
    file = tmp_path / "features.toml"
    code, out, _ = run("data", "describe", log, "--write", file)
    assert code == 0
    assert "[spaces]" not in out
    before = load_features(file)
    code, _, err = run("data", "describe", log, "--write", file)
    assert (code, load_features(file)) == (2, before)
    assert "already exists" in err


def test_describe_warns_on_standard_error(run, tmp_path):
    rows = [[f"u{n % 5}", f"i{n % 9}", 1_700_000_000 + n // 20, n % 2] for n in range(80)]
    file = logs.write_csv(tmp_path / "log.csv", ["user", "item", "time", "click"], rows)
    _, out, err = run("data", "describe", file)
    assert "warning: " in err
    assert "share their second" in err
    assert "warning" not in out


def test_describe_takes_given_features(run, log, tmp_path):
    given = tmp_path / "mine.toml"
    run("data", "describe", log, "--write", given)
    given.write_text(given.read_text().replace('buy = "buy"', 'cvr = "buy"'))
    code, out, _ = run("data", "describe", log, "--features", given)
    assert (code, "cvr" in out) == (0, True)


def test_describe_without_a_log_describes_the_embedded_one(run):
    code, out, _ = run("data", "describe", "--seed", "3")
    assert code == 0
    assert "the embedded click log" in out


def test_describe_of_nothing_says_so(run, tmp_path):
    code, out, err = run("data", "describe", tmp_path / "gone.csv")
    assert (code, out) == (2, "")
    assert "there is no file or folder" in err


@pytest.fixture
def small_set(monkeypatch):
    """The program's table of data sets, with one that a loopback server sends."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as server:
        server.behaviour = Behaviour(content=ARCHIVE)
        sets = (describe(server, ARCHIVE),)
        monkeypatch.setattr("bstkit.data.fetching.data_sets.DATA_SETS", sets)
        monkeypatch.setattr("bstkit.data.fetching.DATA_SETS", sets)
        yield server.behaviour


def test_fetch_shows_the_licence_first_and_says_what_next(run, small_set, tmp_path):
    folder = tmp_path / "here"
    code, out, err = run("data", "fetch", "small", "--out", folder)
    assert code == 0
    assert "Do not pass it on." in err.partition("download: ")[0]
    assert f"bstkit data describe {folder}" in out
    assert f"bstkit build --data {folder}" in out
    assert (folder / "u.data").is_file()


def test_fetch_of_what_is_there_says_so(run, small_set, tmp_path):
    run("data", "fetch", "small", "--out", tmp_path / "here")
    code, out, _ = run("data", "fetch", "small", "--out", tmp_path / "here", "--json")
    assert code == 0
    assert json.loads(out) == {
        "name": "small",
        "folder": str(tmp_path / "here"),
        "already_there": True,
        "files": ["more/README", "u.data"],
    }
    assert len(small_set.asked) == 1


def test_fetch_that_fails_is_one_error(run, small_set, tmp_path):
    small_set.status = 404
    code, out, err = run("data", "fetch", "small", "--out", tmp_path / "here")
    assert (code, out) == (2, "")
    assert "404" in err


@pytest.mark.parametrize("arguments", [("--list",), ()], ids=["list", "no_name"])
def test_fetch_lists_what_there_is(run, arguments):
    code, out, _ = run("data", "fetch", *arguments)
    assert code == 0
    assert "movielens-100k" in out
    assert "https://grouplens.org/datasets/movielens/100k/" in out


def test_fetch_lists_as_json(run):
    _, out, _ = run("data", "fetch", "--list", "--json")
    assert json.loads(out)[0]["digests"]["md5"] == "0e33842e24a9c977be4e0107933c0723"


def test_group_without_a_command_is_a_usage_error(run):
    code, _, err = run("data")
    assert code == 2
    assert "`bstkit data --help`" in err
