"""Say clearly that a worker is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from bstkit.errors import TrainingError
from bstkit.training.workers.cluster import Cluster

_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
)
_TASK = re.compile(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)")


@contextmanager
def lost_worker_told(cluster: Cluster) -> Iterator[None]:
    """Turn what TensorFlow raises when another worker does not answer into an error of ours.

    Raises:
        TrainingError: one does not.
    """
    try:
        yield
    except _LOST as error:
        who = _others(cluster, error.message) or "another worker"
        raise TrainingError(
            f"a worker was lost: {who} does not answer any more",
            "see its own log for why; start all workers again with --resume to go on from the last checkpoint",
        ) from error


def _others(cluster: Cluster, message: str) -> str:
    """The workers that an error is about, but this process."""
    named = dict.fromkeys((kind, int(index)) for kind, index in _TASK.findall(message))
    return " or ".join(
        f"{kind} {index} ({cluster.workers[kind][index]})"
        for kind, index in named
        if (kind, index) != cluster.task and index < len(cluster.workers.get(kind, ()))
    )
