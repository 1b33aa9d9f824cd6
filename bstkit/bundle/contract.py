"""What a caller must know to score with an exported file: inputs, outputs, id spaces, histories, and their rules.

The contract says nothing about weights, vocabularies or versions: it stays the same from one training to the next, and
its digest is what a program is compiled against.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from bstkit.config.model import Table
from bstkit.inputs import Role

CONTRACT_VERSION = 2
"""Rises when a field's meaning changes, or when a caller has to know a new one.

A contract states the lowest version that has all of its fields, so that one without the new ones stays as it was. 2
brought `IdSpace.hash`, `IdSpace.hash_buckets` and `HistoryRule.max_age_s`.
"""

Dims = tuple[str | int, ...]


class Fact(Table):
    """A frozen record that JSON holds: lists are read as tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Later(Fact):
    """A record with fields that came after the first version: they are written only where they are set."""

    later: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {key: value for key, value in written.items() if value is not None or key not in self.later}

    @property
    def is_later(self) -> bool:
        """Whether one of those fields is set."""
        return any(getattr(self, key) is not None for key in self.later)


class Input(Fact):
    """One input.

    Args:
        name: of the graph's input; also the key of a raw event.
        dtype: of the graph's input. `"int32"` for encoded ids; raw ids are `"int64"` or `"string"`.
        dims: names, or numbers where they are fixed.
        role: `"history"`, `"age"`, `"weight"`, `"length"`, `"target"`, `"context_id"` or `"context_numeric"`.
        column: the log's column behind it.
        space: id space of ids; None for numbers.
        history: the history that it belongs to; None where a row has one value.
        padding: what fills a history behind its last step; None where a row has one value.
    """

    name: str
    dtype: Literal["int32", "int64", "float32", "string"]
    dims: Dims
    role: Role
    column: str
    space: str | None
    history: str | None
    padding: int | float | str | None


class Output(Fact):
    """One output.

    Args:
        name: `<task>` or `<task>_logit`.
        dtype: `"float32"`.
        dims: `(batch, 1)`.
        task: the task.
        kind: a probability in `[0, 1]`, or its log odds.
    """

    name: str
    dtype: Literal["float32"]
    dims: Dims
    task: str
    kind: Literal["probability", "logit"]


class IdSpace(Later):
    """How the keys of one id space become ids: by a vocabulary, or by a hash.

    Args:
        vocabulary: file of the bundle, in id order; its first line has id `first_id`. None where keys are hashed.
        padding_id: of a step that is not there.
        unknown_id: of a key that is not in the vocabulary, of an empty one where keys are hashed, and of a missing one.
            The graph gives it to every id outside its table, too.
        first_id: of the vocabulary's first key, or of the hash's first bucket.
        padding_key: what means padding where the graph takes raw ids; None where it takes encoded ones.
        inputs: the inputs that share its table.
        hash: the rule that gives ids without a vocabulary. `"sha256-64"`: `first_id + h % hash_buckets`, where `h` is
            the first 8 bytes of the SHA-256 of the key's UTF-8 text, an unsigned number, most significant byte first.
        hash_buckets: how many ids it gives.
    """

    later = ("hash", "hash_buckets")

    vocabulary: str | None
    padding_id: int
    unknown_id: int
    first_id: int
    padding_key: int | str | None
    inputs: tuple[str, ...]
    hash: Literal["sha256-64"] | None = None
    hash_buckets: Annotated[int, Field(ge=1)] | None = None


class HistoryRule(Later):
    """How the steps of one history are chosen and laid out.

    Args:
        inputs: its inputs; step i of each belongs to step i of the others.
        source: `"events"`: the user's earlier events; `"row"`: a multi-valued column of the row itself.
        events: all of them, or only those that were positive in the first task.
        time_rule: which events may be in it.
        age_rule: what an age is; None where the model reads none.
        order: of the steps.
        padding_side: where padding stands.
        truncation: which steps the graph keeps of a longer history.
        max_length: how many it keeps; of a history that is cut into sessions, what those hold.
        max_sessions, session_length, session_gap_s: how it is cut into sessions; None where it is one sequence.
        real_step: what makes a step count.
        candidate: whether the candidate becomes one more step inside the graph (`"append"`), is handed to the layers
            behind the history (`"apart"`), or does not meet this history (`"none"`).
        max_age_s: steps that are more seconds older than the request are to be left out by the caller, for the graph
            does not know. None: steps of any age.
    """

    later = ("max_age_s",)

    inputs: tuple[str, ...]
    source: Literal["events", "row"]
    events: Literal["all", "positive"]
    time_rule: str
    age_rule: str | None
    order: Literal["oldest first"]
    padding_side: Literal["right"]
    truncation: Literal["the most recent steps are kept"]
    max_length: int
    max_sessions: int | None
    session_length: int | None
    session_gap_s: float | None
    real_step: str
    candidate: Literal["append", "apart", "none"]
    max_age_s: float | None = None


class Contract(Fact):
    """The whole contract of one file.

    Args:
        version: of this format, the lowest that has all fields which are set; at most `CONTRACT_VERSION`.
        ids: `"encoded"`: the graph takes the numbers of the vocabularies; `"raw"`: the log's own keys.
        inputs: in the graph's order.
        outputs: in the graph's order.
        spaces: id space -> its rule.
        histories: history -> its rule.
    """

    version: Annotated[int, Field(ge=1)]
    ids: Literal["encoded", "raw"]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    spaces: dict[str, IdSpace]
    histories: dict[str, HistoryRule]

    def canonical(self) -> str:
        """The contract as JSON with sorted keys and no blanks: equal contracts are equal texts."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """Digest of the canonical text."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()
