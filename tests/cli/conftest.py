"""Run the program in this process, as the console script would."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest

from tests.plugin_packages import Packages


@dataclass
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.out)


@pytest.fixture
def bstkit_log():
    """Undo what the program does to the logger."""
    log = logging.getLogger("bstkit")
    kept = (log.handlers, log.propagate, log.level)
    yield log
    log.handlers, log.propagate = kept[0], kept[1]
    log.setLevel(kept[2])


@pytest.fixture
def run(capsys, tmp_path, monkeypatch, bstkit_log):
    """Run `bstkit` with these arguments in an empty folder."""
    from bstkit.cli import main

    monkeypatch.chdir(tmp_path)

    def ran(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        captured = capsys.readouterr()
        return Ran(caught.value.code or 0, captured.out, captured.err)

    return ran


@pytest.fixture
def packages(monkeypatch):
    """Plugin packages that the program finds as if they were installed."""
    found = Packages(monkeypatch)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: found.found)
    return found
