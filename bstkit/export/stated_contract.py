"""The contract of a finished graph, taken from the graph itself and from the features that it was composed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import onnx_ir as ir

from bstkit.branches import Branch
from bstkit.bundle.contract import CONTRACT_VERSION, Contract, HistoryRule, IdSpace, Input, Output
from bstkit.bundle.graph_values import dims_of, dtype_of
from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID, OOV_ID, PAD_ID, History
from bstkit.data.hashing import HASH_RULE
from bstkit.export.id_keys import Keys
from bstkit.inputs import InputSpec

_FIRST_VERSION = 1
_IN_ROW = "the values that stand in the row itself"
_EARLIER = "the user's events before the request; of events at its very second those that stand before it in the log"


def contract_of(model: ir.Model, composed: Composed, keys: Mapping[str, Keys] | None = None) -> Contract:
    """State the contract of a graph whose inputs and outputs are final.

    Args:
        model: the graph; its inputs are the model's.
        composed: where it comes from.
        keys: id space -> keys, where the graph takes raw ids.
    """
    keys = keys or {}
    values = {value.name: value for value in model.graph.inputs}
    inputs = tuple(_input(spec, values[spec.name], keys) for spec in composed.inputs)
    used = dict.fromkeys(one.space for one in inputs if one.space is not None)
    buckets = {space: composed.features.spaces[space].hash_buckets for space in used}
    spaces = {space: _space(space, inputs, keys.get(space), buckets[space]) for space in used}
    histories = {branch.name: _history(branch, inputs) for branch in composed.branches}
    later = any(one.is_later for one in (*spaces.values(), *histories.values()))
    return Contract(
        version=CONTRACT_VERSION if later else _FIRST_VERSION,
        ids="raw" if keys else "encoded",
        inputs=inputs,
        outputs=tuple(_output(value) for value in model.graph.outputs),
        spaces=spaces,
        histories=histories,
    )


def _input(spec: InputSpec, value: ir.Value, keys: Mapping[str, Keys]) -> Input:
    padding: Any = None
    if spec.history is not None and spec.role != "length":
        padding = 0
        if spec.space is not None and spec.space in keys:
            padding = keys[spec.space].padding
    return Input(
        name=spec.name,
        dtype=dtype_of(value),
        dims=dims_of(value),
        role=spec.role,
        column=spec.column,
        space=spec.space,
        history=spec.history,
        padding=padding,
    )


def _output(value: ir.Value) -> Output:
    name = str(value.name)
    task = name.removesuffix("_logit")
    kind: Literal["logit", "probability"] = "probability" if name == task else "logit"
    return Output(name=name, dtype="float32", dims=dims_of(value), task=task, kind=kind)


def _space(space: str, inputs: tuple[Input, ...], keys: Keys | None, buckets: int | None) -> IdSpace:
    return IdSpace(
        vocabulary=f"vocab/{space}.txt" if buckets is None else None,
        padding_id=PAD_ID,
        unknown_id=OOV_ID,
        first_id=FIRST_ID,
        padding_key=None if keys is None else keys.padding,
        inputs=tuple(one.name for one in inputs if one.space == space),
        hash=None if buckets is None else HASH_RULE,
        hash_buckets=buckets,
    )


def _history(branch: Branch, inputs: tuple[Input, ...]) -> HistoryRule:
    history = branch.history
    own = tuple(one for one in inputs if one.history == branch.name)
    cut = any(len(one.dims) == 3 for one in own)
    return HistoryRule(
        inputs=tuple(one.name for one in own),
        source=history.source,
        events=history.events,
        time_rule=_IN_ROW if history.source == "row" else _EARLIER,
        age_rule=(
            "whole seconds from the event to the request, at least 0" if any(one.role == "age" for one in own) else None
        ),
        order="oldest first",
        padding_side="right",
        truncation="the most recent steps are kept",
        max_length=history.max_sessions * history.session_length if cut else history.max_length,
        max_sessions=history.max_sessions if cut else None,
        session_length=history.session_length if cut else None,
        session_gap_s=history.session_gap_s if cut else None,
        real_step=_real_step(branch.name, history),
        candidate="append" if branch.append else ("apart" if branch.meets_candidate else "none"),
        max_age_s=history.max_age_s,
    )


def _real_step(name: str, history: History) -> str:
    if history.length is not None:
        return f"the first {history.length} steps"
    if history.mask == "all":
        return "the steps at which no id is padding"
    return f"the steps at which {name}_{history.mask} is not padding"
