"""Which floats a model computes in: those of training may be short, those of a served model never are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let layers that are made while the block runs compute in a Keras dtype policy; other models are not touched.

    Args:
        precision: `"float32"`, or `"mixed_bfloat16"` or `"mixed_float16"`, whose weights are float32, too.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
