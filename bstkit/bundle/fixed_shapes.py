"""Batches for a graph whose dimensions are numbers: histories padded to its steps, pieces of its batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import Input

Feeds = dict[str, NDArray[Any]]


def fixed_batch(inputs: Sequence[Input]) -> int | None:
    """The rows of a batch where they are fixed; None where they are free."""
    batch = inputs[0].dims[0]
    return batch if isinstance(batch, int) else None


def pieces(feeds: Feeds, inputs: Sequence[Input]) -> Iterator[tuple[Feeds, int]]:
    """Cut a batch into what the graph takes.

    Args:
        feeds: the inputs of some rows, histories not longer than the graph's.
        inputs: the graph's inputs.

    Yields:
        The inputs of a piece, and how many of its rows are real; those behind them repeat the last one.
    """
    padded = {one.name: _pad_steps(feeds[one.name], one) for one in inputs}
    rows = len(next(iter(padded.values())))
    size = fixed_batch(inputs)
    if size is None:
        yield padded, rows
        return
    for start in range(0, rows, size):
        piece = {name: values[start : start + size] for name, values in padded.items()}
        real = min(size, rows - start)
        yield (
            {name: np.concatenate([values, np.repeat(values[-1:], size - real, 0)]) for name, values in piece.items()},
            real,
        )


def _pad_steps(values: NDArray[Any], one: Input) -> NDArray[Any]:
    """Pad every dimension behind the batch that is a number."""
    sizes = [dim if isinstance(dim, int) else size for dim, size in zip(one.dims[1:], values.shape[1:], strict=True)]
    if sizes == list(values.shape[1:]):
        return values
    padded = np.full((len(values), *sizes), one.padding, values.dtype)
    padded[tuple(slice(size) for size in values.shape)] = values
    return padded
