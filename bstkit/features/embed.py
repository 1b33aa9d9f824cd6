"""From features.toml to the tensors that components are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.branches import Branch
from bstkit.config.features import ContextId, ContextNumeric, Features, History
from bstkit.errors import ComponentError
from bstkit.features.history import AppendCandidate, CandidateStep, RecentSteps, StepNumbers, StepWeights, TakeSteps
from bstkit.features.ids import IdMask, IdRule, LengthMask, RowIds
from bstkit.features.numeric import Bucket, Standardise
from bstkit.features.sessions import (
    JoinSessions,
    RealSessions,
    RepeatCandidate,
    SessionMask,
    SessionNumbers,
    TakeSessions,
)
from bstkit.features.tables import Embedding, TableUniform
from bstkit.inputs import InputSpec

Tensors = dict[str, Any]
"""Contract name of a tensor -> the tensor; names and shapes are those of `bstkit.contracts.TENSORS`."""


class Embedder:
    """Makes the layers between the inputs and the components; each input, rule and table once.

    Args:
        features: with row counts and statistics filled in.
        specs: the inputs of the model, those for training only included.

    Raises:
        ComponentError: the features do not allow the composition; raised by every method.
    """

    def __init__(self, features: Features, specs: Sequence[InputSpec]) -> None:
        self.features = features
        self.inputs = {spec.name: _input(spec) for spec in specs}
        self._beside: dict[str, Tensors] = {}
        for spec in specs:
            if spec.history is not None and spec.role in ("age", "weight"):
                key = "age_seconds" if spec.role == "age" else "weight"
                self._beside.setdefault(spec.history, {})[key] = self.inputs[spec.name]
        self._row_columns = {
            spec.name: spec.space for spec in specs if spec.role in ("target", "context_id") and spec.space is not None
        }
        self._tables: dict[str, Embedding] = {}
        self._ruled: dict[str, Any] = {}
        self._columns: dict[str, Any] = {}
        self._candidates: dict[str, Any] = {}
        self._kept: dict[str, tuple[Any, int]] = {}
        self._sessions: dict[str, Any] = {}

    def sequence(self, branch: Branch, fixed_length: bool) -> Tensors:
        """The tensors of a history, or of a multi-valued column: its most recent steps.

        Args:
            branch: the sequence.
            fixed_length: pad it to its `max_length`.
        """
        history, prefix = branch.history, branch.rules_prefix
        ids, values = self._given(branch)
        ids, values = self._recent(branch, ids, values, history.max_length, fixed_length)
        if branch.append:
            ids, values, mask = self._appended(branch, ids, values)
        else:
            mask = self._mask(f"{branch.name}_kept_mask", history, ids)
        tensors = self._embedded_steps(branch, ids, values, mask, f"{prefix}sequence")
        if branch.append:
            tensors["target"] = CandidateStep(name=f"{prefix}target")(tensors["sequence"])
        else:
            tensors["target"] = self._candidate(branch)
        step = StepNumbers(history.max_length, branch.append, name=f"{prefix}step")(mask)
        return {**tensors, "step": step}

    def sessions(self, branch: Branch, fixed_sessions: bool, fixed_length: bool) -> Tensors:
        """The tensors of a history that is cut into sessions, each session a row of a larger batch.

        Args:
            branch: the sequence.
            fixed_sessions: pad to `max_sessions`.
            fixed_length: pad each session to its `session_length`.

        Returns:
            Tensors of `(batch * sessions, time, ...)`.
        """
        name, history, prefix = branch.name, branch.history, branch.rules_prefix
        ids, values = self._given(branch)
        given = RealSessions(name=f"{name}_given_sessions")(self._mask(f"{name}_given_mask", history, ids))
        sessions = RecentSteps(history.max_sessions, fixed_sessions, name=f"{name}_recent_sessions")(given)
        self._sessions[name] = sessions
        padding = history.max_sessions if fixed_sessions else 0
        ids, values = (
            {key: TakeSessions(padding, name=f"{name}_{key}_sessions")(part, sessions) for key, part in parts.items()}
            for parts in (ids, values)
        )
        ids, values = self._recent(branch, ids, values, history.session_length, fixed_length)
        mask = self._mask(f"{name}_kept_mask", history, ids)
        target = self._candidate(branch)
        if target is not None:
            target = RepeatCandidate(name=f"{prefix}session_target")(target, sessions)
        return {
            **self._embedded_steps(branch, ids, values, mask, f"{prefix}session_sequence"),
            "step": StepNumbers(history.session_length, False, name=f"{prefix}session_step")(mask),
            "session": SessionNumbers(name=f"{prefix}session_numbers")(sessions, mask),
            "target": target,
        }

    def joined_sessions(self, branch: Branch, vectors: Any, mask: Any) -> Tensors:
        """The sequence of the sessions' vectors.

        Args:
            branch: the sequence.
            vectors: `(batch * sessions, dim)`, what the sessions were pooled to.
            mask: the sessions' mask, `(batch * sessions, time)`.
        """
        prefix, sessions = branch.rules_prefix, self._sessions[branch.name]
        mask = SessionMask(name=f"{prefix}mask")(mask, sessions)
        return {
            "sequence": JoinSessions(name=f"{prefix}sequence")(vectors, sessions),
            "mask": mask,
            "step": StepNumbers(branch.history.max_sessions, False, name=f"{prefix}step")(mask),
            "target": self._candidate(branch),
        }

    def negatives(self, branch: Branch) -> Any:
        """The embedded sampled steps beside those of `sequence`, `(batch, time, dim)`; training only."""
        name, history = branch.name, branch.history
        ids = {
            column: self._keep(name, f"negative_{column}", self._ids(f"{name}_negative_{column}", space))
            for column, space in history.fields.items()
        }
        return self._embedded(history, ids, f"{branch.rules_prefix}negative")

    def target(self, columns: Sequence[str], name: str = "head_target") -> Any:
        """The embedded candidate, `(batch, dim)`, its columns in the given order.

        Args:
            columns: columns of `[target]`.
            name: of the layer that joins them, where they were not joined before.
        """
        key = " ".join(columns)
        if key not in self._candidates:
            self._candidates[key] = _together([self._column(column) for column in columns], name)
        return self._candidates[key]

    def context(self, candidate: Sequence[str]) -> Any:
        """Context columns in the order of features.toml, then these columns of the candidate; None without any."""
        parts = []
        for column, feature in self.features.context.items():
            if isinstance(feature, ContextId):
                parts.append(self._lookup(feature.space, self._row_id(column)))
            else:
                parts.append(self._numeric(column, feature))
        parts += [self._column(column) for column in candidate]
        return _together(parts, "context") if parts else None

    def _given(self, branch: Branch) -> tuple[Tensors, Tensors]:
        """A history's ids by column, and its ages and weights where they are inputs."""
        fields = branch.history.fields.items()
        ids = {column: self._ids(f"{branch.name}_{column}", space) for column, space in fields}
        return ids, dict(self._beside.get(branch.name, {}))

    def _recent(
        self, branch: Branch, ids: Tensors, values: Tensors, length: int, fixed: bool
    ) -> tuple[Tensors, Tensors]:
        """The most recent `length` steps of each row."""
        name, cut = branch.name, branch.stack.session is not None
        mask = self._mask(f"{name}_{'sessions' if cut else 'given'}_mask", branch.history, ids)
        self._kept[name] = (RecentSteps(length, fixed, name=f"{name}_recent")(mask), length if fixed else 0)
        ids, values = ({key: self._keep(name, key, part) for key, part in parts.items()} for parts in (ids, values))
        return ids, values

    def _embedded_steps(self, branch: Branch, ids: Tensors, values: Tensors, mask: Any, name: str) -> Tensors:
        """The sequence, its mask, and what stands beside it."""
        if "weight" in values:
            values["weight"] = StepWeights(name=f"{branch.name}_weights")(values["weight"], mask)
        return {"sequence": self._embedded(branch.history, ids, name), "mask": mask, **values}

    def _appended(self, branch: Branch, ids: Tensors, values: Tensors) -> tuple[Tensors, Tensors, Any]:
        """Ids, ages and weights with the candidate as one more step, and the mask of them all."""
        name, history, prefix = branch.name, branch.history, branch.rules_prefix
        mask = self._mask(f"{name}_kept_mask", history, ids) if history.length else None
        target = {column: self._row_id(column) for column in history.fields}
        candidate = next(iter(target.values()))
        ids = {column: self._append(name, column, tensor, target[column]) for column, tensor in ids.items()}
        if "age_seconds" in values:
            zeros = keras.ops.zeros_like(candidate)
            values["age_seconds"] = self._append(name, "age_seconds", values["age_seconds"], zeros)
        if "weight" in values:
            ones = keras.ops.ones_like(candidate, dtype="float32")
            values["weight"] = self._append(name, "weight", values["weight"], ones)
        if mask is None:  # the candidate's ids are never padding, so that its step is real by the same rule
            return ids, values, self._mask(f"{prefix}mask", history, ids)
        real = keras.ops.greater(candidate, 0)
        return ids, values, AppendCandidate(name=f"{prefix}mask")(mask, real)

    def _append(self, name: str, key: str, steps: Any, candidate: Any) -> Any:
        return AppendCandidate(name=f"{name}_{key}_steps")(steps, candidate)

    def _keep(self, name: str, key: str, values: Any) -> Any:
        index, padding = self._kept[name]
        return TakeSteps(padding, name=f"{name}_{key}_kept")(values, index)

    def _mask(self, name: str, history: History, ids: Tensors) -> Any:
        if history.length is not None:
            return LengthMask(name=name)(next(iter(ids.values())), self.inputs[history.length])
        fields = list(ids.values()) if history.mask == "all" else [ids[history.mask]]
        return IdMask(name=name)(fields)

    def _candidate(self, branch: Branch) -> Any:
        """The candidate's columns that the history has, in its order; None where it lacks one."""
        return (
            self.target(tuple(branch.history.fields), f"{branch.rules_prefix}target")
            if branch.meets_candidate
            else None
        )

    def _column(self, column: str) -> Any:
        """One embedded column of the candidate."""
        if column not in self._columns:
            self._columns[column] = self._lookup(self.features.target[column], self._row_id(column))
        return self._columns[column]

    def _numeric(self, column: str, feature: ContextNumeric) -> Any:
        value = self.inputs[column]
        if feature.edges is not None:
            bucket = Bucket(feature.edges, feature.missing, name=f"{column}_bucket")(value)
            return Embedding(len(feature.edges) + 2, feature.dim, name=f"{column}_embedding")(bucket)
        if feature.mean is None or feature.std is None:
            raise ComponentError(
                f"numeric column '{column}' has no mean and deviation yet", "prepare a log first, or give mean and std"
            )
        return Standardise(feature.mean, feature.std, feature.missing, name=f"{column}_standardised")(value)

    def _ids(self, name: str, space: str) -> Any:
        """The ids of a sequence's input after the rule for those outside their table."""
        if name not in self._ruled:
            self._ruled[name] = IdRule(self._rows(space), padding=True, name=f"{name}_rule")(self.inputs[name])
        return self._ruled[name]

    def _row_id(self, column: str) -> Any:
        """A column of the candidate or of the context after the rule; all of them go through it together."""
        columns = self._row_columns
        if column not in self._ruled:
            if len(columns) == 1:
                ruled = [IdRule(self._rows(columns[column]), padding=False, name=f"{column}_rule")(self.inputs[column])]
            else:
                rows = [self._rows(space) for space in columns.values()]
                ruled = RowIds(rows, name="row_ids")([self.inputs[name] for name in columns])
            self._ruled.update(zip(columns, ruled, strict=True))
        return self._ruled[column]

    def _embedded(self, history: History, ids: Tensors, name: str) -> Any:
        return _together([self._lookup(history.fields[column], tensor) for column, tensor in ids.items()], name)

    def _lookup(self, space: str, ids: Any) -> Any:
        if space not in self._tables:
            dim = self.features.spaces[space].dim
            self._tables[space] = Embedding(
                self._rows(space), dim, embeddings_initializer=TableUniform(), name=f"{space}_embedding"
            )
        return self._tables[space](ids)

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


def _together(parts: list[Any], name: str) -> Any:
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name=name)(parts)
