"""The named cases on which a model is proved (HANDOFF.md, Proof), generated from its inputs with a fixed seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID, OOV_ID, PAD_ID, ContextNumeric
from bstkit.inputs import InputSpec

Array = np.ndarray[Any, Any]
Feeds = dict[str, Array]

SEED = 20190515
MOST_SAMPLES = 256
"""Held-out rows that the case `typical` takes at most."""


@dataclass(frozen=True)
class Case:
    """Inputs to score, and a second set that must score the same.

    Args:
        name: as HANDOFF.md names it.
        feeds: input name -> array.
        twin: a second data set; None for most cases.
        order: row i of the twin is row `order[i]` of `feeds`.
    """

    name: str
    feeds: Feeds
    twin: Feeds | None = None
    order: Array | None = None


def make_cases(composed: Composed, samples: Mapping[str, Array] | None = None) -> tuple[Case, ...]:
    """Make every case for a model.

    Args:
        composed: its inputs and features say what is in range.
        samples: held-out rows by input name, for the case `typical`; generated where None.
    """
    return _Cases(composed).all(samples)


class _Cases:
    def __init__(self, composed: Composed) -> None:
        self.inputs = composed.inputs
        self.features = composed.features
        self.max_length = max(history.max_length for history in self.features.history.values())
        self.rng = np.random.default_rng(SEED)

    def all(self, samples: Mapping[str, Array] | None) -> tuple[Case, ...]:
        full = self.max_length
        some = (
            {name: np.asarray(rows)[:MOST_SAMPLES] for name, rows in samples.items()}
            if samples
            else self.rows(32, full)
        )
        cases = [
            Case("typical", some),
            Case("empty_history", self.rows(6, min(4, full), 0)),
            Case("length_1", self.rows(6, 1, 1)),
            Case("full_length", self.rows(6, full, full)),
            Case("over_length", self.over_length()),
            Case("holes", self.holes()),
            Case("all_oov", self.constant_ids(4, lambda spec: OOV_ID)),
            Case("id_out_of_range", self.out_of_range()),
            Case("max_id", self.constant_ids(4, lambda spec: self.rows_of(spec) - 1)),
            *(Case(f"batch_{batch}", self.rows(batch, full)) for batch in (1, 7, 1024)),
            self.padding_invariance(),
            self.permuted_batch(),
        ]
        if any(spec.dtype == "float32" for spec in self.inputs):
            cases.append(Case("missing_numeric", self.missing_numeric()))
        return tuple(cases)

    def rows_of(self, spec: InputSpec) -> int:
        """Rows of an id input's table."""
        rows = self.features.spaces[spec.space or ""].rows
        if rows is None:
            raise ValueError(f"the id space of {spec.name} has no row count")
        return rows

    def rows(self, batch: int, time: int, length: int | Array | None = None, beyond: int = 0) -> Feeds:
        """Valid rows.

        Args:
            batch: how many.
            time: steps of each history, laid out in sessions where it is cut.
            length: how many of them are real, from the front, in all or in each row; each row its own where None.
            beyond: steps of each session past those that the model keeps, and sessions past those.
        """
        lengths = self.rng.integers(0, time + 1, batch) if length is None else np.broadcast_to(length, batch)
        feeds: Feeds = {}
        for spec in self.inputs:
            if spec.role == "length":
                values = lengths
            elif spec.role == "context_numeric":
                values = self.numeric(spec, batch)
            elif len(spec.dims) == 1:
                values = self.rng.integers(FIRST_ID, self.rows_of(spec), batch)
            else:
                shape = self.steps_shape(spec, batch, time, beyond)
                steps = int(np.prod(shape[1:]))
                real = np.arange(steps) < np.ceil(lengths * (steps / time if beyond else 1))[:, None]
                values = (self.steps(spec, (batch, steps)) * real).reshape(shape)
            feeds[spec.name] = values.astype(spec.dtype)
        return feeds

    def steps_shape(self, spec: InputSpec, batch: int, time: int, beyond: int) -> tuple[int, ...]:
        """Shape of a history's input; sessions are as long as the model keeps them, and as many as hold the steps."""
        if len(spec.dims) == 2:
            return batch, time
        history = self.features.history[spec.history or ""]
        sessions = history.max_sessions + beyond if beyond else -(-time // history.session_length)
        return batch, sessions, history.session_length + beyond

    def steps(self, spec: InputSpec, shape: tuple[int, int]) -> Array:
        """Valid values of a history's input, every step real."""
        if spec.role == "age":
            return -np.sort(-self.rng.integers(0, 10**7, shape), axis=1)
        if spec.role == "weight":
            return self.rng.normal(1.0, 1.0, shape)
        return self.rng.integers(FIRST_ID, self.rows_of(spec), shape)

    def numeric(self, spec: InputSpec, batch: int) -> Array:
        """Values around those seen in training, some far out."""
        feature = self.features.context[spec.column]
        if not isinstance(feature, ContextNumeric):
            raise ValueError(f"{spec.name} is not numeric")
        mean, std = feature.mean or 0.0, feature.std or 1.0
        if feature.edges:
            mean, std = float(np.mean(feature.edges)), float(np.ptp(feature.edges)) or 1.0
        return self.rng.normal(mean, 2 * std, batch)

    def over_length(self) -> Feeds:
        """More real steps than the model keeps, in part far more."""
        time = 2 * self.max_length + 3
        return self.rows(8, time, self.rng.integers(self.max_length + 1, time + 1, 8), beyond=3)

    def holes(self) -> Feeds:
        """Steps in the middle that are padding, in one field or in all."""
        feeds = self.rows(8, self.max_length, self.max_length)
        for spec in self.inputs:
            if spec.role == "history":
                hole = self.rng.random(feeds[spec.name].shape) < 0.3
                feeds[spec.name] = np.where(hole, PAD_ID, feeds[spec.name]).astype(spec.dtype)
        return feeds

    def constant_ids(self, batch: int, value: Any) -> Feeds:
        """Full histories in which every id of an input is `value(spec)`."""
        feeds = self.rows(batch, self.max_length, self.max_length)
        for spec in self.inputs:
            if spec.space is not None:
                feeds[spec.name] = np.full_like(feeds[spec.name], value(spec))
        return feeds

    def out_of_range(self) -> Feeds:
        """Row k holds the k-th wrong id everywhere; one more row mixes right and wrong ones."""
        limits = np.iinfo(np.int32)
        feeds = self.rows(6, self.max_length, self.max_length)
        for spec in self.inputs:
            if spec.space is not None:
                rows = self.rows_of(spec)
                for row, wrong in enumerate((-1, rows, rows + 100, limits.min, limits.max)):
                    feeds[spec.name][row] = wrong
                if spec.role == "history":
                    feeds[spec.name][5, ::3] = -1
            elif spec.role in ("length", "age"):
                feeds[spec.name][0] = -1
        return feeds

    def padding_invariance(self) -> Case:
        """The same rows at two paddings."""
        time = max(1, self.max_length // 2)
        feeds = self.rows(16, time)
        twin = dict(feeds)
        for spec in self.inputs:
            if len(spec.dims) > 1:
                sessions = ((0, 2),) * (len(spec.dims) - 2)
                twin[spec.name] = np.pad(feeds[spec.name], ((0, 0), *sessions, (0, self.max_length + 5)))
        return Case("padding_invariance", feeds, twin, np.arange(16))

    def permuted_batch(self) -> Case:
        """The same rows in two orders."""
        feeds = self.rows(16, self.max_length)
        order = self.rng.permutation(16)
        return Case("permuted_batch", feeds, {name: values[order] for name, values in feeds.items()}, order)

    def missing_numeric(self) -> Feeds:
        """NaN in every numeric input and weight."""
        feeds = self.rows(6, self.max_length)
        for spec in self.inputs:
            if spec.dtype == "float32":
                feeds[spec.name] = np.full_like(feeds[spec.name], np.nan)
        return feeds
