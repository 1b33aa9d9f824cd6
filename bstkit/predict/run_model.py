"""Score with a run, in TensorFlow."""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bstkit.artefact import Run
from bstkit.bundle.contract import Input
from bstkit.bundle.key_encoding import EncodedKeys, HashedKeys, KeyTable
from bstkit.bundle.raw_events import Feeds
from bstkit.config.features import PAD_ID
from bstkit.data.vocabulary import VocabularyFolder
from bstkit.inputs import InputSpec


class RunModel:
    """The served model of a run; traced once for batches and histories of any size.

    Args:
        run: from `load_run`.
    """

    def __init__(self, run: Run) -> None:
        composed = run.composed
        self._run = run
        self.engine = f"TensorFlow {tf.__version__}"
        self.features = run.features
        self.inputs = tuple(_input(spec) for spec in composed.inputs)
        self.outputs = tuple(name for task in run.features.tasks for name in (task, f"{task}_logit"))
        signature = {spec.name: tf.TensorSpec([None] * len(spec.dims), spec.dtype) for spec in composed.inputs}
        self._forward = tf.function(partial(composed.serving, training=False), input_signature=[signature])

    @property
    def vocabularies(self) -> VocabularyFolder:
        """Id space -> keys."""
        return self._run.vocabularies

    @cached_property
    def tables(self) -> dict[str, KeyTable]:
        """Id space -> how its keys become ids."""
        spaces = dict.fromkeys(one.space for one in self.inputs if one.space is not None)
        return {space: self._table(space) for space in spaces}

    def _table(self, space: str) -> KeyTable:
        buckets = self.features.spaces[space].hash_buckets
        return EncodedKeys(self.vocabularies[space]) if buckets is None else HashedKeys(buckets)

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Score encoded rows."""
        scores = self._forward(feeds)
        return {name: scores[name].numpy()[:, 0] for name in self.outputs}


def _input(spec: InputSpec) -> Input:
    padding = PAD_ID if spec.history is not None and spec.role != "length" else None
    return Input(
        name=spec.name,
        dtype="float32" if spec.dtype == "float32" else "int32",
        dims=spec.dims,
        role=spec.role,
        column=spec.column,
        space=spec.space,
        history=spec.history,
        padding=padding,
    )
