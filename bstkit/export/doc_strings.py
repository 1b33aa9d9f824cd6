"""Doc strings of inputs and outputs, which Netron and other viewers show beside them."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID, OOV_ID, PAD_ID, ContextNumeric, Features
from bstkit.data.hashing import HASH_RULE
from bstkit.export.id_keys import Keys
from bstkit.inputs import InputSpec


def write_doc_strings(model: ir.Model, composed: Composed, keys: Mapping[str, Keys] | None = None) -> None:
    """Say at each input what its values are, and at each output what it gives, in place.

    Args:
        model: the graph; its inputs are the model's.
        composed: where it comes from.
        keys: id space -> keys, where the graph takes raw ids.
    """
    specs = {spec.name: spec for spec in composed.inputs}
    for value in model.graph.inputs:
        spec = specs[str(value.name)]
        value.doc_string = _values(spec, composed.features, keys or {}) + _steps(spec, composed.features)
    for value in model.graph.outputs:
        task = str(value.name).removesuffix("_logit")
        value.doc_string = f"Probability of '{task}', 0 to 1." if value.name == task else f"Log odds of '{task}'."
    model.doc_string = f"Click-through-rate model of bstkit, recipe {composed.selection.recipe}."


def _values(spec: InputSpec, features: Features, keys: Mapping[str, Keys]) -> str:
    match spec.role:
        case "age":
            return f"Whole seconds from each event (column '{spec.column}') to the request; below 0 counts as 0."
        case "weight":
            return f"One weight a step (column '{spec.column}'); NaN counts as 0."
        case "length":
            return f"Number of real steps of history '{spec.history}'."
        case "context_numeric":
            return f"Column '{spec.column}', not transformed; NaN is missing and counts as {_missing(spec, features)}."
    found = keys.get(spec.space or "")
    if found is not None:
        return f"Keys of column '{spec.column}' as the log writes them ({found.dtype}); others are out-of-vocabulary."
    buckets = features.spaces[spec.space or ""].hash_buckets
    if buckets is not None:
        return (
            f"Ids of column '{spec.column}' in space '{spec.space}': {PAD_ID} padding, {OOV_ID} out-of-vocabulary, "
            f"{FIRST_ID} + h % {buckets} a key, h the first 8 bytes of its SHA-256, most significant first (rule "
            f"{HASH_RULE}); any other id counts as {OOV_ID}."
        )
    rows = features.spaces[spec.space or ""].rows
    last = "" if rows is None else f" to {rows - 1}"
    return (
        f"Ids of column '{spec.column}' in space '{spec.space}': {PAD_ID} padding, {OOV_ID} out-of-vocabulary, "
        f"{FIRST_ID}{last} the lines of vocab/{spec.space}.txt; any other id counts as {OOV_ID}."
    )


def _missing(spec: InputSpec, features: Features) -> str:
    """What the graph takes a missing number for."""
    feature = features.context[spec.column]
    if not isinstance(feature, ContextNumeric):
        raise ValueError(f"{spec.name} is not numeric")
    if feature.missing is not None:
        return f"{feature.missing:g}"
    return "a bucket of its own" if feature.numeric == "bucket" else "the mean"


def _steps(spec: InputSpec, features: Features) -> str:
    if spec.history is None or spec.role == "length":
        return ""
    history = features.history[spec.history]
    older = (
        ""
        if history.max_age_s is None
        else f" Leave out steps more than {history.max_age_s:g} s older than the request."
    )
    if len(spec.dims) == 3:
        return (
            f" Sessions of history '{spec.history}', oldest first, padded on the right; the {history.max_sessions} "
            f"most recent ones and of each the {history.session_length} most recent steps are kept.{older}"
        )
    return (
        f" History '{spec.history}', oldest first, padded on the right; the {history.max_length} most recent steps are "
        f"kept.{older}"
    )
