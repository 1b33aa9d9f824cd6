"""Score with a bundle in ONNX Runtime, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import Input
from bstkit.bundle.event_lines import Event
from bstkit.bundle.fixed_shapes import fixed_batch, pieces
from bstkit.bundle.integrity import check_files, check_graph
from bstkit.bundle.key_encoding import KeyTable, key_table
from bstkit.bundle.manifest import MODEL, read_manifest
from bstkit.bundle.raw_events import Feeds, RawEvents
from bstkit.data.vocabulary import VocabularyFolder
from bstkit.errors import BundleError, DataError
from bstkit.export.providers import check_names, open_session

BATCH = 256
"""Rows that are scored together."""


class BundleScorer:
    """A bundle, opened and checked. Several threads may share it once `tables` has been read.

    Args:
        folder: the bundle.
        provider: `"cpu"`, `"cuda"` or `"tensorrt"`.
        threads: that ONNX Runtime uses. Defaults to its choice.

    Attributes:
        manifest: what the bundle says of itself.
        inputs: the graph's inputs.
        outputs: names of the outputs, in order.
        engine: what scores.

    Raises:
        BundleError: the folder is no bundle, is of a newer format, or this ONNX Runtime is too old for its graph.
        VerificationError: a file was changed or is missing.
        ProviderError: the provider is unknown or did not run.
    """

    def __init__(self, folder: Path | str, provider: str = "cpu", threads: int | None = None) -> None:
        import onnxruntime

        self.folder = Path(folder)
        check_names([provider])
        self.manifest = read_manifest(self.folder)
        check_files(self.folder, self.manifest)
        check_graph(self.folder, self.manifest, onnxruntime.__version__)
        self.inputs: tuple[Input, ...] = self.manifest.contract.inputs
        self.outputs = tuple(one.name for one in self.manifest.contract.outputs)
        self.engine = f"ONNX Runtime {onnxruntime.__version__} on {provider}"
        self._session = open_session(self.folder / MODEL, provider, threads)

    @cached_property
    def vocabularies(self) -> Mapping[str, tuple[str, ...]]:
        """Id space -> keys; a file is read when its space is asked for."""
        return VocabularyFolder(self.folder / "vocab")

    @cached_property
    def tables(self) -> dict[str, KeyTable]:
        """Id space -> how its keys enter the graph.

        Raises:
            BundleError: the bundle was exported without vocabularies.
        """
        spaces = self.manifest.contract.spaces
        missing = [space for space, rule in spaces.items() if rule.hash is None and self._is_missing(space)]
        if missing:
            raise BundleError(
                f"{self.folder} holds no vocabulary of id space '{missing[0]}', so that keys cannot become ids",
                "export it from its run, which has the vocabularies:  bstkit export RUN",
            )
        dtypes = {one.space: one.dtype for one in self.inputs}
        return {space: key_table(space, rule, dtypes[space], self.vocabularies) for space, rule in spaces.items()}

    def _is_missing(self, space: str) -> bool:
        return self.manifest.vocabularies[space].file is None

    @cached_property
    def _events(self) -> RawEvents:
        return RawEvents(self.inputs, self.tables)

    def score(self, events: Iterable[Mapping[str, Any]]) -> dict[str, NDArray[np.float32]]:
        """Score raw events; `bstkit.bundle.raw_events` says what may stand in one.

        Args:
            events: input name -> value, an event each.

        Returns:
            Output name -> float32 `(events,)`.

        Raises:
            DataError: a value is of another type than its input takes; the event is named.
        """
        numbered = (_event(number, values) for number, values in enumerate(events))
        scores: dict[str, list[NDArray[np.float32]]] = {name: [] for name in self.outputs}
        size = fixed_batch(self.inputs) or BATCH
        while batch := list(islice(numbered, size)):
            for name, values in self.run(self._events.feeds(batch)).items():
                scores[name].append(values)
        return {name: np.concatenate([np.empty(0, np.float32), *values]) for name, values in scores.items()}

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Score rows that are encoded as the graph takes them.

        Args:
            feeds: input name -> array.

        Returns:
            Output name -> float32 `(rows,)`.
        """
        scores: dict[str, list[NDArray[np.float32]]] = {name: [] for name in self.outputs}
        for piece, real in pieces(feeds, self.inputs):
            for name, values in zip(self.outputs, self._session.run(list(self.outputs), piece), strict=True):
                scores[name].append(values[:real, 0])
        return {name: np.concatenate(values) for name, values in scores.items()}


def _event(number: int, values: Any) -> Event:
    if not isinstance(values, Mapping):
        raise DataError(f"event {number} is {values!r:.60}, not a mapping", "give a mapping of input names to values")
    return Event(f"event {number}", values)


def load_bundle(folder: Path | str, *, provider: str = "cpu", threads: int | None = None) -> BundleScorer:
    """Open a bundle to score with; it is checked against its manifest first.

    Args:
        folder, provider, threads: as for `BundleScorer`.
    """
    return BundleScorer(folder, provider, threads)
