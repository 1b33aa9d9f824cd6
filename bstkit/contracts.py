"""The contract of every kind of component: what its `call` may name, what it writes, in which shapes.

compose() and the conformance kit read this table; nothing else states these rules. A dimension is a number, a name that
must agree within one call (`"dim"`), or a primed name (`"dim'"`) that the component chooses itself.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT_VERSION = 1
"""Of hooks, records and calls together; `docs/stability.md` says what a number promises."""

OLDEST_CONTRACT = 1
"""The oldest version whose components still work; those of older ones are refused."""


def honoured_contracts() -> str:
    """The versions that work: `"1"`, or `"1 to 3"`."""
    return str(CONTRACT_VERSION) if OLDEST_CONTRACT == CONTRACT_VERSION else f"{OLDEST_CONTRACT} to {CONTRACT_VERSION}"


REQUIREMENTS = {
    "fixed_length": "every history is padded to its max_length, so the time dimension is known",
    "prefix_mask": "real steps come first, without holes (what ONNX LSTM and GRU can express)",
    "sessions": "the history is cut into sessions",
}


@dataclass(frozen=True)
class Tensor:
    """A tensor that components exchange.

    Args:
        dtype: `"float"` (the compute dtype), `"bool"` or `"int32"`.
        dims: its dimensions.
        meaning: one line for error messages and docs.
        since: the contract version from which on components are given it in this form.
    """

    dtype: str
    dims: tuple[str | int, ...]
    meaning: str
    since: int = 1


TENSORS = {
    "sequence": Tensor("float", ("batch", "time", "dim"), "embedded behaviours, oldest first, right-padded"),
    "mask": Tensor("bool", ("batch", "time"), "True at real steps; holes allowed"),
    "target": Tensor("float", ("batch", "dim"), "the embedded candidate"),
    "context": Tensor("float", ("batch", "ctx"), "everything else about user and request"),
    "age_seconds": Tensor("int32", ("batch", "time"), "seconds between a behaviour and the candidate's event"),
    "weight": Tensor("float", ("batch", "time"), "one weight a step, 0 at masked steps; an encoder uses it up"),
    "session": Tensor("int32", ("batch", "time"), "number of the session that a step belongs to"),
    "step": Tensor("int32", ("time",), "position counted from the oldest step"),
    "clicked": Tensor("float", ("batch", "time", "dim"), "the embedded history, before any component"),
    "negative": Tensor("float", ("batch", "time", "dim"), "an embedded sampled history of the same length"),
    "pooled": Tensor("float", ("batch", "dim'"), "one vector a row; zeros for an empty history"),
    "logit": Tensor("float", ("batch", 1), "log odds"),
    "loss": Tensor("float", (), "a scalar added to the training loss"),
}


@dataclass(frozen=True)
class Kind:
    """What a component of one kind is called with and what it returns.

    Args:
        name: the kind.
        call: tensors that `call` may name. A component whose settings make it ignore some of them says which in a
            property `ignored_tensors` of its class.
        writes: the name under which compose binds the returned tensor.
        shape: the returned tensor's dimensions.
        training_only: never part of a served graph.
        since: the contract version from which on it has this form; a further tensor that `call` may name has its own.
    """

    name: str
    call: tuple[str, ...]
    writes: str
    shape: tuple[str | int, ...]
    training_only: bool = False
    since: int = 1


KINDS = {
    kind.name: kind
    for kind in (
        Kind("position", ("sequence", "mask", "step", "age_seconds", "session"), "sequence", ("batch", "time", "dim")),
        Kind("encoder", ("sequence", "mask", "step", "target", "weight"), "sequence", ("batch", "time", "dim'")),
        Kind("score", ("sequence", "mask", "target"), "weight", ("batch", "time")),
        Kind("pooling", ("sequence", "mask", "target", "weight"), "pooled", ("batch", "dim'")),
        Kind("objective", ("sequence", "mask", "clicked", "negative"), "loss", (), training_only=True),
        Kind("head", ("pooled", "context", "target"), "logit", ("batch", 1)),
    )
}

STACK_SLOTS = ("position", "encoder", "pooling")
"""The slots of one sequence, in the order in which compose fills them."""

SLOTS = (*STACK_SLOTS, "head")
"""The slots that hold components, in the order in which compose fills them."""

GIVEN_PARAMETERS = {"tasks": ("head",), "max_steps": ("position", "encoder")}
"""Constructor arguments that compose gives, where a component of those kinds names them: the names of the tasks; the
most steps that a sequence can have, the appended candidate included."""

RESERVED_PARAMETERS = frozenset({"self", "name", "dtype", *GIVEN_PARAMETERS})
"""Constructor arguments that compose gives or Keras owns; never settings of a component."""
