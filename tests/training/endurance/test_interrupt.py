"""Signals while training: noted once, obeyed at once the second time, and given back."""

import signal
import threading
from contextlib import suppress

import pytest

from bstkit.training.endurance.interrupt import stop_requests

pytestmark = pytest.mark.usefixtures("signals")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal_is_noted_and_ends_nothing(number, code):
    with stop_requests() as request:
        assert request.signal is None
        signal.raise_signal(number)
        assert request.signal == number
        assert request.exit_code == code


def test_second_ctrl_c_stops_at_once():
    with stop_requests():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with suppress(RuntimeError), stop_requests():
        assert signal.getsignal(signal.SIGINT) is not before[0]
        raise RuntimeError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_ignored_signal_stays_ignored():
    """As `nohup` and shells in the background want it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_requests() as request:
            signal.raise_signal(signal.SIGINT)
            assert request.signal is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_trains_without_handlers():
    seen = []

    def train():
        with stop_requests() as request:
            seen.append(request.signal)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert seen == [None]
