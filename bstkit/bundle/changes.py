"""What changed from one bundle to another, as its caller sees it: inputs, outputs, id spaces, histories, graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from bstkit.bundle.contract import Contract, Fact, IdSpace, Input, Output
from bstkit.bundle.manifest import Manifest

_KEY_RULE = ("vocabulary", "hash", "hash_buckets")
"""Fields of an id space that are told in one line."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Args:
        breaking: a caller of the old bundle has to change something before it can use the new one.
        where: what differs, such as `input item_id`.
        what: how.
    """

    breaking: bool
    where: str
    what: str


def changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Every difference between two manifests but those of vocabularies and golden vectors."""
    yield from _contract(old.contract, new.contract)
    yield from _graph(old, new)
    if old.contract_sha256 != new.contract_sha256:
        yield Change(True, "contract", "its digest is another one: programs compiled against the old one refuse it")
    yield from _identity(old, new)


def _contract(old: Contract, new: Contract) -> Iterator[Change]:
    if old.version != new.version:
        yield Change(True, "contract", f"version {new.version} instead of {old.version}")
    if old.ids != new.ids:
        yield Change(True, "ids", f"the graph takes {new.ids} ids instead of {old.ids} ones")
    yield from _values("input", old.inputs, new.inputs, added_breaks=True)
    yield from _values("output", old.outputs, new.outputs, added_breaks=False)
    # Which inputs share a space or a history is said by the inputs themselves.
    yield from _records("id space", old.spaces, new.spaces, skipped={"inputs", *_KEY_RULE})
    yield from _key_rules(old.spaces, new.spaces)
    yield from _records("history", old.histories, new.histories, skipped={"inputs"})


def _values(
    kind: str, old: Sequence[Input] | Sequence[Output], new: Sequence[Input] | Sequence[Output], added_breaks: bool
) -> Iterator[Change]:
    """Inputs or outputs, which callers find by their names."""
    before, after = {one.name: one for one in old}, {one.name: one for one in new}
    for name, one in before.items():
        if name not in after:
            yield Change(True, f"{kind} {name}", f"is gone; it was {_described(one)}")
        else:
            yield from _fields(f"{kind} {name}", one, after[name], skipped={"dims"})
            yield from _dims(f"{kind} {name}", one, after[name])
    for name, one in after.items():
        if name not in before:
            yield Change(added_breaks, f"{kind} {name}", f"is new: {_described(one)}")
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(False, f"{kind}s", "stand in another order, which matters to a caller that counts them only")


def _described(one: Input | Output) -> str:
    return f"{one.dtype} {list(one.dims)}"


def _dims(where: str, old: Input | Output, new: Input | Output) -> Iterator[Change]:
    """Names of dimensions are labels; numbers and ranks bind a caller."""
    if old.dims == new.dims:
        return
    sizes = [[dim if isinstance(dim, int) else None for dim in one.dims] for one in (old, new)]
    yield Change(sizes[0] != sizes[1], where, f"dimensions {list(new.dims)} instead of {list(old.dims)}")


def _records(kind: str, old: Mapping[str, Fact], new: Mapping[str, Fact], skipped: set[str]) -> Iterator[Change]:
    """Rules; one that came or went did so with its inputs."""
    for name, one in old.items():
        if name in new:
            yield from _fields(f"{kind} {name}", one, new[name], skipped)


def _fields(where: str, old: Fact, new: Fact, skipped: set[str]) -> Iterator[Change]:
    for key in type(old).model_fields:
        before, after = getattr(old, key), getattr(new, key)
        if key not in skipped and before != after:
            yield Change(True, where, f"{key} {_shown(after)} instead of {_shown(before)}")


def _key_rules(old: Mapping[str, IdSpace], new: Mapping[str, IdSpace]) -> Iterator[Change]:
    """What gives ids to keys."""
    for name, one in old.items():
        if name in new and any(getattr(one, key) != getattr(new[name], key) for key in _KEY_RULE):
            yield Change(
                True, f"id space {name}", f"keys become ids by {_key_rule(new[name])} instead of {_key_rule(one)}"
            )


def _key_rule(one: IdSpace) -> str:
    return f"{one.vocabulary}" if one.hash is None else f"the hash {one.hash} into {one.hash_buckets:,} buckets"


def _shown(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)


def _graph(old: Manifest, new: Manifest) -> Iterator[Change]:
    """What an engine must be able to load."""
    before, after = old.graph, new.graph
    if before.target != after.target:
        # Only this target uses operations that other engines lack.
        yield Change(after.target == "onnxruntime", "target", f"made for {after.target} instead of {before.target}")
    if before.lowest_onnxruntime != after.lowest_onnxruntime:
        higher = Version(after.lowest_onnxruntime) > Version(before.lowest_onnxruntime)
        what = f"{after.lowest_onnxruntime} or later instead of {before.lowest_onnxruntime}"
        yield Change(higher, "ONNX Runtime", what)
    for name in dict.fromkeys((*before.runs_beside, *after.runs_beside)):
        if name not in after.runs_beside:
            yield Change(True, f"file {name}", "is gone")
        elif name not in before.runs_beside:
            yield Change(False, f"file {name}", "is new: the same model in another form")
    for name, key in (("opset", "opset"), ("IR version", "ir_version")):
        ours, theirs = getattr(before, key), getattr(after, key)
        if ours != theirs:
            yield Change(False, name, f"{theirs} instead of {ours}")
    if before.operations != after.operations:
        counts = [sum(one.operations.values()) for one in (after, before)]
        yield Change(False, "operations", f"{counts[0]} nodes instead of {counts[1]}, or of other kinds")


def _identity(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Where the model comes from."""
    before, after = old.identity, new.identity
    for key in ("recipe", "bstkit", "seed"):
        ours, theirs = getattr(before, key), getattr(after, key)
        if ours != theirs:
            yield Change(False, key, f"{theirs} instead of {ours}")
    for kind, ours, theirs in (
        ("version", before.versions, after.versions),
        ("component", before.components, after.components),
    ):
        for name in dict.fromkeys((*ours, *theirs)):
            if ours.get(name) != theirs.get(name):
                yield Change(False, f"{kind} {name}", f"{theirs.get(name, 'none')} instead of {ours.get(name, 'none')}")
    if before.data != after.data:
        logs = [("none" if one is None else one.log) for one in (after.data, before.data)]
        same = " of another content" if logs[0] == logs[1] else f" instead of {logs[1]}"
        yield Change(False, "data", f"{logs[0]}{same}")
    if old.files.get("model.onnx") != new.files.get("model.onnx"):
        yield Change(False, "weights", "the model's file is another one")
    if old.tolerances != new.tolerances:
        yield Change(False, "tolerances", "were verified with others")
