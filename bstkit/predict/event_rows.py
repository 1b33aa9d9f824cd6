"""Rows from a file of raw events."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from bstkit.bundle.event_lines import EventFile
from bstkit.bundle.raw_events import RawEvents
from bstkit.predict.rows import Rows


class EventRows:
    """One row a line; `row` counts the lines from 0.

    Args:
        path: the file.
        events: how an event becomes inputs.
    """

    def __init__(self, path: Path, events: RawEvents) -> None:
        self._file = EventFile(path)
        self._events = events

    def batches(self, size: int) -> Iterator[Rows]:
        """All lines in order."""
        lines = iter(self._file)
        first = 0
        while batch := list(islice(lines, size)):
            row = np.arange(first, first + len(batch))
            yield Rows({"row": row}, self._events.feeds(batch), self._file.done)
            first += len(batch)
