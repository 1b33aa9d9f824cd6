"""Progress as it is shown: on a terminal, and where there is none."""

import io
import re

import pytest

from bstkit.cli import progress as module
from bstkit.cli.progress import ShownProgress

NOTE = "\n".join(
    (
        "epoch 12 of at most 20, step 1,234 of 5,678, loss 0.5123, 43,210 samples/s",
        "time left: 1:02:03 of this epoch, at most 10:11:12 of all",
        "epoch 11: validation log loss 0.6401, AUC 0.6812, GAUC 0.6533",
        "epoch 10: validation log loss 0.6400, AUC 0.6811, GAUC 0.6532, the best",
        "stops after epoch 13 unless one is better, and these words wrap on a narrow terminal",
    )
)


class Terminal(io.StringIO):
    """Standard error that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Play a stage on a terminal of some columns; return the lines that it showed, without its control codes."""

    def played(columns, kind="xterm"):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", kind)
        with ShownProgress(quiet=False) as progress, progress.stage("train") as stage:
            stage(0.5, NOTE)
            if progress._bars:
                progress._bars.refresh()
            stage.say("epoch 12: done", "with more")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").split("\n")

    return played


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_terminal_shows_all_of_a_note_below_the_bar_in_its_width(shown, columns):
    lines = shown(columns)
    assert max(map(len, lines)) <= columns
    flat = " ".join(" ".join(lines).split())
    for line in NOTE.split("\n"):
        assert line in flat
    assert any("train ━" in line for line in lines)
    assert "epoch 12: done" in [line.rstrip() for line in lines]
    assert any(line.startswith("train: 0.") for line in lines)


def test_at_80_columns_a_line_of_a_note_is_a_line(shown):
    assert set(NOTE.split("\n")[:4]) <= {line.strip() for line in shown(80)}


def test_dumb_terminal_gets_lines(shown):
    assert next(line.rstrip() for line in shown(80, "dumb")) == "epoch 12: done, with more"


def test_without_a_terminal_there_are_lines_and_now_and_then_a_sign_of_life(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with ShownProgress(quiet=False) as progress, progress.stage("train") as stage:
        for second in range(25):
            now[0] = second
            stage(second / 25, NOTE)
        stage.say("epoch 12: done", "with more")
    captured = capsys.readouterr()
    assert captured.out == ""
    sign = "train: epoch 12 of at most 20, step 1,234 of 5,678, loss 0.5123, 43,210 samples/s"
    assert captured.err.splitlines()[:3] == [sign, sign, "epoch 12: done, with more"]


def test_quiet_says_nothing(capsys):
    with ShownProgress(quiet=True) as progress, progress.stage("train") as stage:
        stage(0.5, NOTE)
        stage.say("epoch 12: done", "with more")
    assert capsys.readouterr() == ("", "")
