"""The inputs, id spaces and histories of a contract, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bstkit.bundle.card.markdown import code, listed, section, table
from bstkit.bundle.contract import Dims, HistoryRule, IdSpace, Input
from bstkit.bundle.manifest import Manifest


def inputs_section(manifest: Manifest, report: Mapping[str, Any]) -> str:
    """What goes in, what comes out, and the rules between."""
    contract = manifest.contract
    inputs = table(("input", "dtype", "dimensions", "holds", "padding"), [_input(one) for one in contract.inputs])
    outputs = table(
        ("output", "dtype", "dimensions", "is"),
        [(code(one.name), one.dtype, _dims(one.dims), f"{one.kind} of {code(one.task)}") for one in contract.outputs],
    )
    spaces = listed(*(_space(name, one) for name, one in contract.spaces.items()))
    histories = "\n\n".join(_history(name, one) for name, one in contract.histories.items())
    takes = "the log's own keys; the vocabularies are inside it" if contract.ids == "raw" else "encoded ids"
    return section("Inputs and outputs", f"The graph takes {takes}.", inputs, outputs, spaces, histories)


def _input(one: Input) -> tuple[str, ...]:
    holds = f"{one.role.replace('_', ' ')}, column {code(one.column)}"
    if one.space is not None:
        holds += f", id space {code(one.space)}"
    padding = "" if one.padding is None else code(one.padding if one.padding != "" else '""')
    return code(one.name), one.dtype, _dims(one.dims), holds, padding


def _dims(dims: Dims) -> str:
    return code(f"({', '.join(map(str, dims))})")


def _space(name: str, one: IdSpace) -> str:
    if one.padding_key is not None:
        padding = code(one.padding_key if one.padding_key != "" else '""')
        return f"{code(name)}: the key {padding} is padding; a key that is not in the vocabulary counts as unknown."
    if one.hash is not None:
        rule = code(f"{one.first_id} + h % {one.hash_buckets}")
        return (
            f"{code(name)}: {one.padding_id} is padding, {one.unknown_id} is unknown, an empty key, too; the id of any "
            f"other key is {rule}, {code('h')} the first 8 bytes of the SHA-256 of its UTF-8 text, an unsigned number, "
            f"most significant byte first (rule {code(one.hash)}); an id outside the table counts as {one.unknown_id}."
        )
    return (
        f"{code(name)}: {one.padding_id} is padding, {one.unknown_id} is unknown, {one.first_id} is the first key of "
        f"{code(one.vocabulary or '')}; an id outside the table counts as {one.unknown_id}."
    )


def _history(name: str, one: HistoryRule) -> str:
    cut = ""
    if one.max_sessions is not None:
        cut = f"cut into at most {one.max_sessions} sessions of {one.session_length} steps"
        cut += f", by pauses of {one.session_gap_s:g} s" if one.session_gap_s is not None else ""
    older = ""
    if one.max_age_s is not None:
        older = (
            f"age: leave out steps more than {one.max_age_s:g} s older than the request, which the graph does not know"
        )
    return f"History {code(name)}:\n\n" + listed(
        f"inputs: {', '.join(map(code, one.inputs))}; step i of each belongs to step i of the others",
        f"steps: {one.events} events, {one.time_rule}" if one.source == "events" else f"steps: {one.time_rule}",
        f"ages: {one.age_rule}" if one.age_rule else "",
        f"order: {one.order}; padding on the {one.padding_side}; of more than {one.max_length}, {one.truncation}",
        cut,
        older,
        f"real steps: {one.real_step}; a history may be empty",
    )
