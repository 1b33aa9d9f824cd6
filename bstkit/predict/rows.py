"""What is scored: rows in order, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from bstkit.bundle.raw_events import Feeds


@dataclass(frozen=True)
class Rows:
    """Some rows.

    Args:
        columns: column -> values that tell which rows they are.
        feeds: the model's inputs.
        done: how much of all rows these and those before them are, in [0, 1].
        labels: column -> 0, 1 or NaN, of those that are known.
    """

    columns: Mapping[str, NDArray[Any]]
    feeds: Feeds
    done: float
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Source(Protocol):
    """Where rows come from."""

    def batches(self, size: int) -> Iterator[Rows]:
        """All rows in order, `size` at a time."""
