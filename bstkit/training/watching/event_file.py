"""An event file as TensorBoard reads it: numbers and texts by step. Needs TensorFlow, but not TensorBoard's package."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import tensorflow as tf

FLUSH_SECONDS = 5.0
"""What was written reaches the disk this often at most, so that whoever looks on sees it."""

_VERSION = "brain.Event:2"
_SCALAR, _TENSOR = 1, 2  # DataClass in tensorflow/core/framework/summary.proto


class EventFile:
    """A new event file in a folder, beside those that are there.

    It begins by telling readers to forget what older files of the folder say from `step` on: training that is resumed
    goes on where it was, and training that starts anew replaces what a run of the same name left.

    Records are whole or, after a crash, missing at the end; readers take both.

    Args:
        folder: made where it does not exist.
        step: of the training, at which this file begins.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # Readers take the files of a folder in the order of their names.
        self.path = folder / f"events.out.tfevents.{time.time_ns() // 1000}.{os.getpid()}.bstkit"
        self._file = tf.io.TFRecordWriter(str(self.path))
        self._flushed = time.monotonic()
        self._write(file_version=_VERSION)
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._write(step=step, session_log=start)
        self._file.flush()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Write numbers of one step."""
        self._summary(
            step, "scalars", _SCALAR, {tag: tf.make_tensor_proto(one, tf.float32) for tag, one in values.items()}
        )

    def text(self, step: int, tag: str, markdown: str) -> None:
        """Write a text."""
        self._summary(step, "text", _TENSOR, {tag: tf.make_tensor_proto(markdown)})

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _summary(self, step: int, plugin: str, data_class: int, values: dict[str, Any]) -> None:
        summary = tf.compat.v1.Summary()
        for tag, tensor in values.items():
            value = summary.value.add(tag=tag, tensor=tensor)
            value.metadata.plugin_data.plugin_name = plugin
            value.metadata.data_class = data_class
        self._write(step=step, summary=summary)
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._file.flush()
            self._flushed = time.monotonic()

    def _write(self, **content: Any) -> None:
        event = tf.compat.v1.Event(wall_time=time.time(), **content)
        self._file.write(event.SerializeToString())
