"""Ctrl-C and SIGTERM while training: noted, so that the step in progress ends and a checkpoint is written."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked training to stop, and by which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None  # nobody has

    @property
    def exit_code(self) -> int:
        """What a program that a signal ends exits with: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.signal or 0)

    def note(self, number: int, frame: FrameType | None = None) -> None:
        """Handle a signal: note the first, end at once on a second Ctrl-C."""
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number
        with suppress(RuntimeError):  # the signal came while another line was being written
            _log.info("stopping after this step; Ctrl-C again stops at once")


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Note SIGINT and SIGTERM instead of ending, where signals can be had: in the main thread.

    A signal that the process was told to ignore stays ignored.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ours = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    for number in ours:
        signal.signal(number, request.note)
    try:
        yield request
    finally:
        for number in ours:
            signal.signal(number, before[number])
