"""What a benchmark of models is compared with: how fast this machine multiplies float32 matrices."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Product:
    """One way to multiply two square matrices.

    Args:
        run: multiplies once, and waits for the result.
        operations: `2 n^3`.
    """

    run: Callable[[], Any]
    operations: float


@dataclass(frozen=True)
class Rate:
    """Operations a second, by the clock and by the time that all threads worked."""

    wall: float
    cpu: float


def numpy_product(size: int) -> Product:
    """NumPy's (OpenBLAS)."""
    square = _square(size)
    return Product(lambda: square @ square, 2.0 * size**3)


def tensorflow_product(size: int) -> Product:
    """TensorFlow's, as a step of training calls it."""
    import tensorflow as tf

    square = tf.constant(_square(size))
    return Product(lambda: tf.matmul(square, square).numpy(), 2.0 * size**3)


def best_rate(ways: Mapping[str, Product], repeats: int) -> tuple[str, Rate]:
    """Run each way a few times; the name of the fastest, and its rate. The rate by CPU seconds is any way's best."""
    rates = {}
    for name, way in ways.items():
        way.run()
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(repeats):
            way.run()
        done = way.operations * repeats
        rates[name] = Rate(done / (time.perf_counter() - start), done / (time.process_time() - cpu))
    fastest = max(rates, key=lambda name: rates[name].wall)
    return fastest, Rate(rates[fastest].wall, max(rate.cpu for rate in rates.values()))


def _square(size: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
