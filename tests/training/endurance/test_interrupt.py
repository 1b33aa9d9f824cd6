"""Signals while training: noted once, obeyed at once the second time, and given back.

Real signals go to a process of their own: one that runs tests may have its reasons to end by them.
"""

import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from bstkit.training.endurance.interrupt import stop_requests

pytestmark = pytest.mark.usefixtures("signals")

BEGIN = """
import signal
from bstkit.training.endurance.interrupt import stop_requests
signal.signal(signal.SIGINT, signal.{before})
with stop_requests() as request:
    signal.raise_signal(signal.{first})
    print(request.signal, request.exit_code, flush=True)
"""


def ran(before="default_int_handler", first="SIGINT", then=""):
    """What a process does that gets a signal while it trains."""
    script = BEGIN.format(before=before, first=first) + then
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("first", "printed"), [("SIGINT", "2 130"), ("SIGTERM", "15 143")])
def test_first_signal_is_noted_and_ends_nothing(first, printed):
    done = ran(first=first)
    assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr


def test_second_ctrl_c_stops_at_once():
    done = ran(first="SIGTERM", then="    signal.raise_signal(signal.SIGINT)\n    print('went on')\n")
    assert done.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in done.stderr
    assert "went on" not in done.stdout


def test_ignored_signal_stays_ignored():
    """As `nohup` and shells in the background want it."""
    assert ran(before="SIG_IGN").stdout.strip() == "None 128"


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with suppress(RuntimeError), stop_requests():
        assert signal.getsignal(signal.SIGINT) is not before[0]
        raise RuntimeError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_another_thread_trains_without_handlers():
    seen = []

    def train():
        with stop_requests() as request:
            seen.append(request.signal)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert seen == [None]
