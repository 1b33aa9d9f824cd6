"""How one file takes the rows of a case: as they are, as raw ids, in pieces of fixed shapes, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from bstkit.bundle.vectors import Piece
from bstkit.compose import Composed
from bstkit.export.cases import Feeds
from bstkit.export.fixed_feeds import FixedFeeds
from bstkit.export.id_keys import raw_inputs
from bstkit.export.raw_feeds import RawFeeds
from bstkit.export.targets import TARGETS, target_of
from bstkit.export.targets.edge import fixed_sizes
from bstkit.inputs import BATCH, InputSpec


@dataclass(frozen=True)
class TakenPiece:
    """What the file is sent at once.

    Args:
        encoded: rows with encoded ids, shaped as the file takes them.
        sent: the same as the file takes it.
    """

    encoded: Feeds
    sent: Piece


@dataclass
class Intake:
    """Turns the rows of cases into what a file takes.

    Args:
        composed: the model.
        raw_feeds: gives raw ids; None where the file takes encoded ones.
        sizes: name of each dimension -> its number; empty where the file takes any.
    """

    composed: Composed
    raw_feeds: RawFeeds | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fixed = FixedFeeds(self.composed, self.sizes) if self.sizes else None
        # Feeds are kept with their pieces, so that an id is not used again.
        self._made: dict[int, tuple[Feeds, list[TakenPiece]]] = {}

    @property
    def inputs(self) -> tuple[InputSpec, ...]:
        """The inputs of the file, their dimensions by name."""
        inputs = self.composed.inputs
        return inputs if self.raw_feeds is None else raw_inputs(inputs, self.raw_feeds.keys)

    def pieces(self, feeds: Feeds) -> list[TakenPiece]:
        """The rows, made once."""
        if id(feeds) not in self._made:
            self._made[id(feeds)] = (feeds, self._pieces(feeds))
        return self._made[id(feeds)][1]

    def is_cut(self, feeds: Feeds) -> bool:
        """Whether real steps are left out, because the file takes fewer."""
        return self._fixed is not None and self._fixed.is_cut(feeds)

    def _pieces(self, feeds: Feeds) -> list[TakenPiece]:
        encoded = feeds if self._fixed is None else self._fixed.fit(feeds)
        given = encoded if self.raw_feeds is None else self.raw_feeds.convert(encoded)
        if self._fixed is None:
            return [TakenPiece(encoded, Piece(given))]
        batch, rows = self.sizes[BATCH], len(next(iter(feeds.values())))
        return [
            TakenPiece(_rows(encoded, start, batch), Piece(_rows(given, start, batch), min(batch, rows - start)))
            for start in range(0, rows, batch)
        ]


def sizes_of(model: ir.Model, composed: Composed) -> dict[str, int]:
    """The sizes that a file says it was made for: its target, and the batch of its first input."""
    if not TARGETS[target_of(model)].fixed_shapes:
        return {}
    shape = model.graph.inputs[0].shape if model.graph.inputs else None
    batch = shape[0] if shape else None
    return fixed_sizes(composed, batch if isinstance(batch, int) and batch > 0 else 1)


def _rows(feeds: Feeds, start: int, batch: int) -> Feeds:
    return {name: values[start : start + batch] for name, values in feeds.items()}
