"""From features.toml to the tensors that components are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from bstkit.config.features import ContextId, ContextNumeric, Features, History
from bstkit.errors import ComponentError
from bstkit.features.history import AppendCandidate, CandidateStep, RecentSteps, StepNumbers, TakeSteps
from bstkit.features.ids import IdMask, IdRule, LengthMask
from bstkit.features.numeric import Bucket, Standardise
from bstkit.inputs import InputSpec, input_specs


@dataclass(frozen=True)
class Embedded:
    """A model's inputs and the tensors made of them; the names and shapes are those of `bstkit.contracts.TENSORS`."""

    specs: tuple[InputSpec, ...]
    inputs: dict[str, Any]
    sequence: Any
    mask: Any
    step: Any
    age_seconds: Any
    target: Any
    context: Any


def embed(features: Features, append: bool, fixed_length: bool, with_age: bool) -> Embedded:
    """Build the layers between the inputs and the first component.

    Args:
        features: with row counts and statistics filled in.
        append: the candidate becomes one more step of the sequence.
        fixed_length: pad the history to its `max_length`.
        with_age: also feed the age of each step.

    Raises:
        ComponentError: the features do not allow this composition.
    """
    return _Embedder(features, append, fixed_length, with_age).embed()


class _Embedder:
    def __init__(self, features: Features, append: bool, fixed_length: bool, with_age: bool) -> None:
        self.features = features
        self.append = append
        self.fixed_length = fixed_length
        self.specs = input_specs(features, ages=tuple(features.history) if with_age else ())
        self.inputs = {spec.name: _input(spec) for spec in self.specs}
        self.tables: dict[str, keras.layers.Embedding] = {}

    def embed(self) -> Embedded:
        if len(self.features.history) != 1:
            names = ", ".join(self.features.history)
            raise ComponentError(
                f"a model reads one history; features.toml has {len(self.features.history)}: {names}",
                "keep one [history.*] table",
            )
        [(name, history)] = self.features.history.items()
        target_ids = self._target_ids(history)
        sequence_ids, mask, age_seconds = self._steps(name, history, target_ids)
        sequence = _concatenate(
            [self._lookup(history.fields[column], ids) for column, ids in sequence_ids.items()], "sequence"
        )
        if self.append:
            target = CandidateStep(name="target")(sequence)
        else:
            target = _concatenate(
                [self._lookup(history.fields[column], ids) for column, ids in target_ids.items()], "target"
            )
        return Embedded(
            specs=self.specs,
            inputs=self.inputs,
            sequence=sequence,
            mask=mask,
            step=StepNumbers(history.max_length, self.append, name="step")(mask),
            age_seconds=age_seconds,
            target=target,
            context=self._context(set(history.fields)),
        )

    def _target_ids(self, history: History) -> dict[str, Any]:
        """Ids of the candidate, one for each field of the history, in the history's order."""
        ids = {}
        for column, space in history.fields.items():
            if self.features.target.get(column) != space:
                raise ComponentError(
                    f"the candidate has no column '{column}' of id space '{space}', which the history has",
                    f'add it to features.toml:  [target] {column} = "{space}"',
                )
            ids[column] = self._ids(column, space, padding=False)
        return ids

    def _steps(self, name: str, history: History, target_ids: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
        """Ids of the kept steps by column, their mask, their ages."""
        ids = {column: self._ids(f"{name}_{column}", space, padding=True) for column, space in history.fields.items()}
        index = RecentSteps(history.max_length, self.fixed_length, name=f"{name}_recent")(
            self._mask(f"{name}_given_mask", history, ids)
        )
        padding = history.max_length if self.fixed_length else 0

        def keep(values: Any, suffix: str) -> Any:
            return TakeSteps(padding, name=f"{name}_{suffix}_kept")(values, index)

        ids = {column: keep(tensor, column) for column, tensor in ids.items()}
        age = self.inputs.get(f"{name}_age_seconds")
        age = None if age is None else keep(age, "age_seconds")
        mask = self._mask(f"{name}_kept_mask", history, ids) if history.length or not self.append else None
        if self.append:
            ids = {
                column: AppendCandidate(name=f"{name}_{column}_steps")(ids[column], target_ids[column])
                for column in ids
            }
            candidate = next(iter(target_ids.values()))
            if age is not None:
                age = AppendCandidate(name=f"{name}_age_seconds_steps")(age, keras.ops.zeros_like(candidate))
            if mask is None:  # the candidate's ids are never padding, so that its step is real by the same rule
                mask = self._mask("mask", history, ids)
            else:
                mask = AppendCandidate(name="mask")(mask, keras.ops.greater(candidate, 0))
        return ids, mask, age

    def _mask(self, name: str, history: History, ids: dict[str, Any]) -> Any:
        if history.length is not None:
            return LengthMask(name=name)(next(iter(ids.values())), self.inputs[history.length])
        fields = list(ids.values()) if history.mask == "all" else [ids[history.mask]]
        return IdMask(name=name)(fields)

    def _context(self, history_columns: set[str]) -> Any:
        """Context columns, then columns of the candidate that no history has."""
        parts = []
        for column, feature in self.features.context.items():
            if isinstance(feature, ContextId):
                parts.append(self._lookup(feature.space, self._ids(column, feature.space, padding=False)))
            else:
                parts.append(self._numeric(column, feature))
        for column, space in self.features.target.items():
            if column not in history_columns:
                parts.append(self._lookup(space, self._ids(column, space, padding=False)))
        return _concatenate(parts, "context") if parts else None

    def _numeric(self, column: str, feature: ContextNumeric) -> Any:
        value = self.inputs[column]
        if feature.edges is not None:
            bucket = Bucket(feature.edges, feature.missing, name=f"{column}_bucket")(value)
            return keras.layers.Embedding(len(feature.edges) + 2, feature.dim, name=f"{column}_embedding")(bucket)
        if feature.mean is None or feature.std is None:
            raise ComponentError(
                f"numeric column '{column}' has no mean and deviation yet", "prepare a log first, or give mean and std"
            )
        return Standardise(feature.mean, feature.std, feature.missing, name=f"{column}_standardised")(value)

    def _ids(self, name: str, space: str, padding: bool) -> Any:
        return IdRule(self._rows(space), padding, name=f"{name}_rule")(self.inputs[name])

    def _lookup(self, space: str, ids: Any) -> Any:
        if space not in self.tables:
            dim = self.features.spaces[space].dim
            self.tables[space] = keras.layers.Embedding(self._rows(space), dim, name=f"{space}_embedding")
        return self.tables[space](ids)

    def _rows(self, space: str) -> int:
        rows = self.features.spaces[space].rows
        if rows is None:
            raise ComponentError(
                f"id space '{space}' has no row count",
                "give a log with --data, or row counts in [recipe.<name>.features]",
            )
        return rows


def _input(spec: InputSpec) -> Any:
    return keras.Input(shape=(None,) * (len(spec.dims) - 1), dtype=spec.dtype, name=spec.name)


def _concatenate(parts: list[Any], name: str) -> Any:
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name=name)(parts)
