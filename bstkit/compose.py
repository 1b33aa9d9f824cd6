"""Selection + features -> the served and the trained Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from bstkit import slots
from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.contracts import KINDS
from bstkit.errors import ComponentError, ConfigError
from bstkit.features.embed import Embedded, embed
from bstkit.inputs import InputSpec
from bstkit.registry import Registry, load_registry


@dataclass(frozen=True)
class Composed:
    """A composed model.

    Args:
        selection: what it was composed from.
        features: with row counts and statistics.
        inputs: the inputs of the served model.
        training_inputs: those of the trained model: the same, and the negatives that an objective reads.
        serving: Keras model from a dict of inputs to a dict of `<task>` (probability) and `<task>_logit`, each float32
            `(batch, 1)`. The only one that is exported, predicted with and verified.
        training: shares every layer of `serving`; returns a dict from task to logit, and adds the losses of objectives.
        fixed_length: histories are padded to their `max_length` inside the model.
    """

    selection: Selection
    features: Features
    inputs: tuple[InputSpec, ...]
    training_inputs: tuple[InputSpec, ...]
    serving: keras.Model
    training: keras.Model
    fixed_length: bool


def compose(selection: Selection, features: Features, registry: Registry | None = None) -> Composed:
    """Build the models that a selection and features describe.

    Args:
        selection: from `load_selection`.
        features: with row counts, from a prepared dataset, a run folder or `with_rows`.
        registry: where components come from. Defaults to everything installed.

    Raises:
        ComponentError: the components do not fit together; the message names them and the reason.
    """
    registry = registry or load_registry(selection)
    classes = {use.key: registry.load_class(use.key) for use in selection.uses}
    requirements = _requirements(selection, registry)
    append = selection.candidate == "append"
    fixed_length = "fixed_length" in requirements
    with_age = any("age_seconds" in slots.called_with(component) for component in classes.values())
    embedded = embed(features, append, fixed_length, with_age)
    logits = _logits(selection, features, classes, embedded)
    served = {}
    for task, logit in logits.items():
        served[task] = keras.layers.Activation("sigmoid", name=task, dtype="float32")(logit)
        served[f"{task}_logit"] = logit
    return Composed(
        selection=selection,
        features=features,
        inputs=embedded.specs,
        training_inputs=embedded.specs,
        serving=keras.Model(embedded.inputs, served, name="serving"),
        training=keras.Model(embedded.inputs, logits, name="training"),
        fixed_length=fixed_length,
    )


def with_rows(features: Features, rows: Mapping[str, int]) -> Features:
    """Fill the row counts of id spaces in from counts by column, for composing without data.

    Raises:
        ConfigError: a column is unknown, two columns of one space disagree, or a space stays without a count.
    """
    spaces_of = {**features.target}
    spaces_of |= {column: space for history in features.history.values() for column, space in history.fields.items()}
    spaces_of |= {column: feature.space for column, feature in features.context.items() if hasattr(feature, "space")}
    counts: dict[str, int] = {}
    problems = [f"column '{column}' is not an id column of features.toml" for column in rows if column not in spaces_of]
    for column, count in rows.items():
        space = spaces_of.get(column)
        if space is not None and counts.setdefault(space, count) != count:
            problems.append(f"columns of id space '{space}' disagree: {counts[space]} and {count} rows")
    problems += [f"id space '{space}' has no row count" for space in features.spaces if space not in counts]
    if problems:
        raise ConfigError("\n".join(problems), "correct [recipe.<name>.features], or give a log with --data")
    spaces = {name: space.model_copy(update={"rows": counts[name]}) for name, space in features.spaces.items()}
    return features.model_copy(update={"spaces": spaces})


def _requirements(selection: Selection, registry: Registry) -> frozenset[str]:
    """What the selected components require; an error where the composition cannot grant it."""
    found: set[str] = set()
    for use in selection.uses:
        component = registry.resolve(use.key).component
        found |= component.requires
        if "prefix_mask" in component.requires and selection.candidate == "append":
            raise ComponentError(
                f"{use.path}: {use.key} needs steps without holes, and an appended candidate stands behind padding",
                'set candidate = "apart"',
            )
        if "sessions" in component.requires:
            raise ComponentError(
                f"{use.path}: {use.key} needs a history that is cut into sessions", f"`bstkit list {use.kind}`"
            )
        if KINDS[use.kind].training_only:
            raise ComponentError(
                f"{use.path}: {use.key} is an objective, and objectives are not composed yet", "take it out of the list"
            )
    return frozenset(found)


def _logits(selection: Selection, features: Features, classes: dict[str, Any], embedded: Embedded) -> dict[str, Any]:
    """Call the selected components in order, each with what it names."""
    [history] = features.history.values()
    append = selection.candidate == "append"
    given = {"tasks": features.tasks, "max_steps": history.max_length + int(append)}
    tensors: dict[str, Any] = {
        name: getattr(embedded, name) for name in ("sequence", "mask", "step", "age_seconds", "target", "context")
    }
    tensors["tasks"] = features.tasks
    pooled: list[Any] = []
    for use in selection.uses:
        if use.kind == "head":
            tensors["pooled"] = pooled[0] if len(pooled) == 1 else keras.layers.Concatenate(name="pooled")(pooled)
            if append:  # the candidate reaches the head as a step of the sequence, not a second time
                tensors["target"] = None
        returned = slots.call(slots.make(use, classes[use.key], given), use, tensors)
        if use.kind == "pooling":
            pooled.append(returned)
        else:
            tensors[KINDS[use.kind].writes] = returned
    logits = tensors["logit"]
    return {
        task: keras.layers.Activation("linear", name=f"{task}_logit", dtype="float32")(logits[task])
        for task in features.tasks
    }
