"""Run Python code in a process of its own, and find out how much memory it and its children took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
INTERVAL_S = 0.05


@dataclass(frozen=True)
class Run:
    """How a process went.

    Args:
        seconds: from its start to its end.
        cpu_seconds: that it and its children computed.
        sampled_bytes: the most that the resident sets of the process tree were together, looked at every 50 ms.
        largest_bytes: the largest resident set of any one process of the tree, as the kernel counted it.
        anonymous_bytes: the most of the sampled memory that was no file's pages, which the kernel can drop at will.
        died: why it came to no good end; None when it did.
        printed: what it wrote to stdout.
    """

    seconds: float
    cpu_seconds: float
    sampled_bytes: int
    largest_bytes: int
    anonymous_bytes: int
    died: str | None
    printed: str

    @property
    def peak_bytes(self) -> int:
        """The larger one of what was sampled and what the kernel counted."""
        return max(self.sampled_bytes, self.largest_bytes)

    @property
    def peak_by(self) -> str:
        """Which of the two `peak_bytes` is."""
        return "sampled tree" if self.sampled_bytes >= self.largest_bytes else "ru_maxrss"


def run(code: str, *arguments: str, limit_bytes: int) -> Run:
    """Run `python -c code arguments...` from the checkout.

    Args:
        code: Python.
        arguments: its `sys.argv[1:]`.
        limit_bytes: a tree that takes more is ended.

    Returns:
        What was measured, also of a process that failed.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    sampled = anonymous = 0
    died = None
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=out, stderr=said, env=environment)
        tree = psutil.Process(process.pid)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            resident, private = _memory(tree)
            sampled, anonymous = max(sampled, resident), max(anonymous, private)
            if resident > limit_bytes and died is None:
                died = f"ended: it took more than {limit_bytes / 1e9:.1f} GB after {time.perf_counter() - start:.0f} s"
                process.kill()
            time.sleep(INTERVAL_S)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        if process.returncode and died is None:
            last = (said.read().strip().splitlines() or ["nothing said"])[-1]
            died = f"exit code {process.returncode}: {last}"
        cpu_seconds = usage.ru_utime + usage.ru_stime
        largest = usage.ru_maxrss * 1024  # Linux counts in KiB
        return Run(seconds, cpu_seconds, sampled, largest, anonymous, died, out.read())


def _memory(tree: psutil.Process) -> tuple[int, int]:
    """Return the resident bytes of a process and its descendants, and those of them that are no file's."""
    resident = private = 0
    try:
        members = [tree, *tree.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0, 0
    for member in members:
        try:
            memory = member.memory_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended between the two looks
        resident += memory.rss
        private += memory.rss - getattr(memory, "shared", 0)
    return resident, private
