"""The tools of ONNX Runtime's package, kept from what they do to the process that imports them."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx


@contextmanager
def tools_contained() -> Iterator[None]:
    """Undo what importing and running `onnxruntime.tools` changes.

    They give the root logger a handler, put a folder on the import path, let a file be closed by the garbage collector,
    and make nodes of the onnx package hashable.
    """
    root, path, hashing = logging.getLogger(), list(sys.path), onnx.NodeProto.__hash__
    handlers = list(root.handlers)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            yield
    finally:
        root.handlers[:] = handlers
        sys.path[:] = path
        onnx.NodeProto.__hash__ = hashing  # type: ignore[method-assign]  # the tool had replaced it
