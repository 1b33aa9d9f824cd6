"""The fixed sine and cosine table of the transformer paper."""

from typing import Any

import numpy as np


def sinusoid_table(rows: int, dim: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return `table[p, 2i] = sin(p / 10000^(2i/dim))`, `table[p, 2i + 1] = cos(p / 10000^(2i/dim))`.

    Args:
        rows: number of positions.
        dim: width; odd widths end in a sine.

    Returns:
        float32 array `(rows, dim)`, computed in float64.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762, section 3.5; DeepCTR `PositionEncoding`.
    """
    channel = np.arange(dim)
    angle = np.arange(rows)[:, None] / np.power(10000.0, (channel - channel % 2) / dim)
    return np.where(channel % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)
