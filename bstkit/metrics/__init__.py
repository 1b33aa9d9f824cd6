"""How good predicted probabilities are: exact over arrays, and over streams in bounded memory.

Every metric is one module; `quality` computes them all, `margins` says how sure they are, `StreamingQuality` takes rows
batch by batch. Nothing here imports TensorFlow.
"""

from __future__ import annotations

from bstkit.metrics.intervals import margins
from bstkit.metrics.quality import Quality, quality
from bstkit.metrics.streaming import StreamingQuality

__all__ = ["Quality", "StreamingQuality", "margins", "quality"]
