"""Selection + features -> the served and the trained Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from bstkit import slots
from bstkit.branches import Branch, branches
from bstkit.composition_rules import Reads, check_branch, is_read, requires
from bstkit.config.features import Features
from bstkit.config.selection import Selection, Stack, Use
from bstkit.contracts import KINDS
from bstkit.errors import ConfigError
from bstkit.features.embed import Embedder, Tensors
from bstkit.inputs import InputSpec, input_specs, negative_specs
from bstkit.layers.added_loss import AddedLoss
from bstkit.registry import Registry, load_registry
from bstkit.supplier import Supplier, suppliers


@dataclass(frozen=True)
class Step:
    """One component of a composed model, as it was called.

    Args:
        use: the component and the path of its slot.
        branch: the history whose sequence it belongs to; empty for the head.
        layer: name of its Keras layer, in `Composed.training` and, unless `training_only`, in `Composed.serving`.
        reads: contract name -> shape of each tensor that it is called with.
        shapes: shapes of what it returns, one for each task of a head.
        training_only: no part of the served model.
    """

    use: Use
    branch: str
    layer: str
    reads: Mapping[str, tuple[int | None, ...]]
    shapes: tuple[tuple[int | None, ...], ...]
    training_only: bool


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
        branches: its sequences, in the order in which they reach the head.
        steps: its components, in the order in which they were called.
        fixed: histories that the model pads to their maximum whatever a batch holds.
        suppliers: key of each component -> who supplied it.
    """

    selection: Selection
    features: Features
    inputs: tuple[InputSpec, ...]
    training_inputs: tuple[InputSpec, ...]
    serving: keras.Model
    training: keras.Model
    branches: tuple[Branch, ...] = ()
    steps: tuple[Step, ...] = ()
    fixed: frozenset[str] = frozenset()
    suppliers: Mapping[str, Supplier] = field(default_factory=dict)

    def with_export(self, origin: str, **settings: Any) -> Composed:
        """The same models with other `[export]` settings; those that are None stay as they are."""
        return replace(self, selection=self.selection.with_export(origin, **settings))


def compose(selection: Selection, features: Features, registry: Registry | None = None) -> Composed:
    """Build the models that a selection and features describe.

    Args:
        selection: from `load_selection`.
        features: with row counts, from a prepared dataset, a run folder or `with_rows`.
        registry: where components come from. Defaults to everything installed.

    Raises:
        ComponentError: the components do not fit together; the message names them and the reason.
    """
    return _Composer(selection, features, registry or load_registry(selection)).composed()


def with_rows(features: Features, rows: Mapping[str, int]) -> Features:
    """Fill the row counts of id spaces in from counts by column, for composing without data.

    Those of a space with `hash_buckets` are known, whatever the counts say.

    Raises:
        ConfigError: a column is unknown, two columns of one space disagree, or a space stays without a count.
    """
    spaces_of = {**features.target}
    spaces_of |= {column: space for history in features.history.values() for column, space in history.fields.items()}
    spaces_of |= {column: feature.space for column, feature in features.context.items() if hasattr(feature, "space")}
    hashed = {name: space for name, space in features.spaces.items() if space.hash_buckets is not None}
    counts: dict[str, int] = {}
    problems = [f"column '{column}' is not an id column of features.toml" for column in rows if column not in spaces_of]
    for column, count in rows.items():
        space = spaces_of.get(column)
        if space is not None and counts.setdefault(space, count) != count:
            problems.append(f"columns of id space '{space}' disagree: {counts[space]} and {count} rows")
    problems += [f"id space '{space}' has no row count" for space in features.spaces if space not in {*counts, *hashed}]
    if problems:
        raise ConfigError("\n".join(problems), "correct [recipe.<name>.features], or give a log with --data")
    spaces = {
        name: hashed.get(name) or space.model_copy(update={"rows": counts[name]})
        for name, space in features.spaces.items()
    }
    return features.model_copy(update={"spaces": spaces})


class _Composer:
    """Calls the components in order: each branch, then the head."""

    def __init__(self, selection: Selection, features: Features, registry: Registry) -> None:
        self.selection = selection
        self.features = features
        self.registry = registry
        self.plan = branches(selection, features)
        self.head = self._made(selection.head, {"tasks": features.tasks})
        self.layers = {
            branch.name: {
                use.path: self._made(use, {"max_steps": steps}, branch.components_prefix) for use, steps in branch.uses
            }
            for branch in self.plan
        }
        for branch in self.plan:
            check_branch(branch, registry, self._reads(branch))
        self.inputs = input_specs(
            features,
            ages=[b.name for b in self.plan if b.history.has_times and self._needs(b, "age_seconds")],
            weights=[b.name for b in self.plan if self._needs(b, "weight")],
            sessions=[b.name for b in self.plan if b.stack.session is not None],
        )
        sampled = [b.name for b in self.plan if self._needs(b, "negative")]
        self.training_inputs = (*self.inputs, *negative_specs(features, sampled))
        self.embedder = Embedder(features, self.training_inputs)
        self.losses: list[Any] = []
        self.steps: list[Step] = []
        self.fixed: set[str] = set()

    def composed(self) -> Composed:
        """Both models, and what they were made of."""
        logits = self._logits()
        served, trained = {}, dict(logits)
        for task, logit in logits.items():
            served[task] = keras.layers.Activation("sigmoid", name=task, dtype="float32")(logit)
            served[f"{task}_logit"] = logit
        if self.losses:
            first = next(iter(trained))
            trained[first] = AddedLoss(name="added_loss", dtype="float32")(trained[first], self.losses)
        inputs = self.embedder.inputs
        return Composed(
            selection=self.selection,
            features=self.features,
            inputs=self.inputs,
            training_inputs=self.training_inputs,
            serving=keras.Model({spec.name: inputs[spec.name] for spec in self.inputs}, served, name="serving"),
            training=keras.Model(inputs, trained, name="training"),
            branches=self.plan,
            steps=tuple(self.steps),
            fixed=frozenset(self.fixed),
            suppliers=suppliers(self.registry, (step.use.key for step in self.steps)),
        )

    def _logits(self) -> dict[str, Any]:
        """What reaches the head: the branches in the order of features.toml, the candidate where it is not a step of
        them, the context.
        """
        pooled = [vector for branch in self.plan for vector in self._branch(branch)]
        met = {column for branch in self.plan if branch.meets_candidate for column in branch.history.fields}
        target = tuple(column for column in self.features.target if column in met)
        tensors = {
            "tasks": self.features.tasks,
            "pooled": _joined(pooled, "pooled"),
            "target": None if self.selection.candidate == "append" else self.embedder.target(target),
            "context": self.embedder.context([column for column in self.features.target if column not in met]),
        }
        logits = self._call(self.selection.head, self.head, tensors)
        return {
            task: keras.layers.Activation("linear", name=f"{task}_logit", dtype="float32")(logits[task])
            for task in self.features.tasks
        }

    def _branch(self, branch: Branch) -> list[Any]:
        """The vectors that one sequence is pooled to."""
        stack = branch.stack
        fixed = self._fixed(stack.outer_uses)
        fixed_sessions = stack.session is None or self._fixed(stack.session.uses)
        if fixed and fixed_sessions:
            self.fixed.add(branch.name)
        if stack.session is None:
            return self._stack(stack, self.embedder.sequence(branch, fixed), branch)
        tensors = self.embedder.sessions(branch, fixed, fixed_sessions)
        vectors = _joined(self._stack(stack.session, tensors, branch), f"{branch.rules_prefix}session_pooled")
        return self._stack(stack, self.embedder.joined_sessions(branch, vectors, tensors["mask"]), branch)

    def _stack(self, stack: Stack, tensors: Tensors, branch: Branch) -> list[Any]:
        """Call position and encoders, then each pooling or inner branch on what they made."""
        tensors = {"clicked": tensors["sequence"], **tensors}
        layers, reads = self.layers[branch.name], self._reads(branch)
        for use in stack.sequence_uses:
            if "negative" in reads(use):
                tensors["negative"] = self.embedder.negatives(branch)
            returned = self._call(use, layers[use.path], tensors, branch.name)
            if KINDS[use.kind].training_only:
                self.losses.append(returned)
                continue
            tensors[KINDS[use.kind].writes] = returned
            if use.kind == "encoder" and "weight" in reads(use):
                tensors["weight"] = None  # it is in the sequence now; a pooling must not weigh a second time
        pooled = []
        for one in stack.pooling:
            if isinstance(one, Stack):
                pooled += self._stack(one, tensors, branch)
            else:
                pooled.append(self._call(one, layers[one.path], tensors, branch.name))
        return pooled

    def _made(self, use: Use, given: dict[str, Any], prefix: str = "") -> Any:
        return slots.make(use, self.registry.load_class(use.key), given, prefix)

    def _reads(self, branch: Branch) -> Reads:
        layers = self.layers[branch.name]
        return lambda use: slots.called_with(layers[use.path])

    def _needs(self, branch: Branch, name: str) -> bool:
        return is_read(branch.stack, name, self._reads(branch))

    def _fixed(self, uses: tuple[Use, ...]) -> bool:
        return self.selection.length == "fixed" or requires(uses, "fixed_length", self.registry)

    def _call(self, use: Use, layer: Any, tensors: Tensors, branch: str = "") -> Any:
        """Call a component, and note the step."""
        returned = slots.call(layer, use, tensors)
        shapes = {name: tuple(tensors[name].shape) for name in slots.read(use, layer, tensors)}
        made = tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(returned))
        self.steps.append(Step(use, branch, layer.name, shapes, made, KINDS[use.kind].training_only))
        return returned


def _joined(parts: list[Any], name: str) -> Any:
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name=name)(parts)
