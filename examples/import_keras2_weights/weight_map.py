"""Which weight of the seed model's file is which weight of recipe `bst`: by layer name, order of creation and shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from keras2_file import Weight, WeightsError

from bstkit.config.features import ContextId, Features
from bstkit.slots import layer_name

if TYPE_CHECKING:
    from bstkit.compose import Composed

PROJECTIONS = ("query", "key", "value", "output")
EMBEDDINGS = {
    "item_id": "item_id_embedding",
    "cate_id": "cate_id_embedding",
    "user_id": "user_id_embedding_layer",
    "gender": "gender_embedding_layer",
    "age": "age_embedding_layer",
}
"""Column -> the file's layer."""

CONTEXT = ("user_id", "gender", "age")
"""The order in which the file's FC_1 reads the context, behind the flattened sequence."""

DENSE = ("FC_1", "FC_2", "FC_3", "Sigmoid_output_layer")
_ENCODER = re.compile(r"encoder(_\d+)?")
_USES = ("position.sinusoidal", "encoder.transformer", "pooling.flatten", "head.mlp")


@dataclass(frozen=True)
class Assignment:
    """One weight of the model and the array that it takes.

    Args:
        source: the weight's name in the file.
        array: float array of the target's shape; the rows of FC_1 already in our order.
        target: the Keras variable.
    """

    source: str
    array: np.ndarray[Any, Any]
    target: Any


def map_weights(
    layers: Mapping[str, Sequence[Weight]], composed: Composed, order: Sequence[str] = PROJECTIONS
) -> list[Assignment]:
    """Find the array of every weight of a composed recipe `bst`; nothing is assigned yet.

    Args:
        layers: from `read_layers`.
        composed: recipe `bst`, of any size.
        order: which projections the square dense layers of an encoder block are, in the file's order.

    Raises:
        WeightsError: the model is another one, or the file does not fit it; the message lists every problem.
    """
    _check_model(composed)
    mapping = _Mapping(layers, composed, order)
    mapping.embeddings()
    mapping.encoder()
    mapping.head()
    mapping.leftovers()
    if mapping.problems:
        raise WeightsError(
            "\n".join(["the file does not fit the model:", *mapping.problems]),
            "README.md beside this script lists the layers; row counts are those of [recipe.bst.features] in a "
            "registry.toml of this folder, or of RUN",
        )
    return mapping.found


def _check_model(composed: Composed) -> None:
    selection, features = composed.selection, composed.features
    differences = []
    keys = tuple(use.key for use in selection.uses)
    if keys != _USES or selection.candidate != "append":
        differences.append(f"it is {', '.join(keys)}, candidate {selection.candidate}")
    elif selection.uses[0].parameters.get("scale") != "sequence":
        differences.append('its position is not scaled; the seed model has scale = "sequence"')
    fields = [list(history.fields) for history in features.history.values()]
    if fields != [["item_id", "cate_id"]]:
        differences.append(f"its histories hold {fields}, not [['item_id', 'cate_id']]")
    if set(features.context) != set(CONTEXT) or set(_context_spaces(features)) != set(CONTEXT):
        differences.append(f"its context is {', '.join(features.context)}, not the ids {', '.join(CONTEXT)}")
    if len(features.tasks) != 1:
        differences.append(f"it has {len(features.tasks)} tasks, not one")
    if differences:
        raise WeightsError(
            "\n".join(["the model is not recipe bst over the seed model's columns:", *differences]),
            "`bstkit train --recipe bst` makes a run of it; or leave RUN out",
        )


def _context_spaces(features: Features) -> dict[str, str]:
    """Id space of each context column of ids."""
    return {column: one.space for column, one in features.context.items() if isinstance(one, ContextId)}


class _Mapping:
    def __init__(self, layers: Mapping[str, Sequence[Weight]], composed: Composed, order: Sequence[str]) -> None:
        self.layers = layers
        self.composed = composed
        self.order = order
        self.found: list[Assignment] = []
        self.problems: list[str] = []
        self.left = {weight.name for weights in layers.values() for weight in weights}
        uses = {use.kind: use for use in composed.selection.uses}
        self.layer_of = {kind: composed.serving.get_layer(layer_name(use)) for kind, use in uses.items()}

    def embeddings(self) -> None:
        """Tables, row by row as they are."""
        features = self.composed.features
        [history] = features.history.values()
        spaces = {**history.fields, **_context_spaces(features)}
        for column, layer in EMBEDDINGS.items():
            table = self.composed.serving.get_layer(f"{spaces[column]}_embedding").embeddings
            self._layer(layer, {"embeddings": table})

    def encoder(self) -> None:
        """Dense layers and normalisations of the custom layer, told apart by shape and order."""
        names = [name for name in self.layers if _ENCODER.fullmatch(name)]
        if len(names) != 1:
            found = f"{len(names)}: {', '.join(names)}" if names else f"none; it holds {', '.join(self.layers)}"
            self.problems.append(f"one layer named encoder or encoder_<number> was expected, the file has {found}")
            return
        blocks = self.layer_of["encoder"].blocks
        projections = [getattr(block.attention, f"{name}_dense") for block in blocks for name in self.order]
        self._in_order(names[0], ("kernel", "bias"), projections, "query, key, value, output")
        self._in_order(names[0], ("kernel", "bias"), [block.ffn_hidden for block in blocks], "feed-forward, hidden")
        self._in_order(names[0], ("kernel", "bias"), [block.ffn_output for block in blocks], "feed-forward, output")
        norms = [norm for block in blocks for norm in (block.attention_norm, block.ffn_norm)]
        self._in_order(names[0], ("gamma", "beta"), norms, "after attention, after feed-forward")

    def head(self) -> None:
        """Kernels and biases, with the rows of the first kernel in our order."""
        ours = self.layer_of["head"].weights
        if len(ours) != 2 * len(DENSE):
            self.problems.append(
                f"the model's head has {len(ours)} weights, not the {2 * len(DENSE)} of {', '.join(DENSE)}"
            )
            return
        for number, layer in enumerate(DENSE):
            kernel, bias = ours[2 * number : 2 * number + 2]
            self._layer(layer, {"kernel": kernel, "bias": bias}, self._head_rows() if number == 0 else None)

    def leftovers(self) -> None:
        """Name what nothing took, on both sides."""
        if self.left:
            self.problems.append(f"the model has no place for {', '.join(sorted(self.left))}")
        taken = [id(assignment.target) for assignment in self.found]
        if not self.problems and (len(set(taken)) < len(taken) or len(taken) != len(self.composed.serving.weights)):
            empty = [weight.path for weight in self.composed.serving.weights if id(weight) not in taken]
            self.problems.append(f"the model's weights and the file's are not one to one; without a value: {empty}")

    def _layer(self, layer: str, targets: Mapping[str, Any], rows: Any = None) -> None:
        """Match one layer of the file by its name, its weights by theirs."""
        if layer not in self.layers:
            self.problems.append(f"the file has no layer {layer}")
            return
        weights = {weight.leaf: weight for weight in self.layers[layer]}
        for leaf, target in targets.items():
            if leaf not in weights:
                self.problems.append(f"the file's layer {layer} has no {leaf}")
            else:
                self._take(weights[leaf], target, rows if leaf == "kernel" else None)

    def _in_order(self, layer: str, leaves: tuple[str, str], targets: Sequence[Any], meaning: str) -> None:
        """Match sublayers of one shape by their order."""
        shapes = [tuple(getattr(targets[0], leaf).shape) for leaf in leaves]
        owners: dict[str, dict[str, Weight]] = {}
        for weight in self.layers[layer]:
            owners.setdefault(weight.parent, {})[weight.leaf] = weight
        fitting = [
            weights
            for weights in owners.values()
            if set(weights) == set(leaves) and [weights[leaf].array.shape for leaf in leaves] == shapes
        ]
        if len(fitting) != len(targets):
            self.problems.append(
                f"{layer} has {len(fitting)} pairs {' and '.join(leaves)} of shapes {shapes[0]} and {shapes[1]}, "
                f"not {len(targets)} ({meaning}, block by block)"
            )
            return
        for weights, target in zip(fitting, targets, strict=True):
            for leaf in leaves:
                self._take(weights[leaf], getattr(target, leaf))

    def _take(self, weight: Weight, target: Any, rows: Any = None) -> None:
        self.left.discard(weight.name)
        if weight.array.shape != tuple(target.shape):
            self.problems.append(f"{weight.name} has shape {weight.array.shape}, {target.path} {tuple(target.shape)}")
            return
        self.found.append(Assignment(weight.name, weight.array if rows is None else weight.array[rows], target))

    def _head_rows(self) -> np.ndarray[Any, Any]:
        """Row i of our first kernel is row `rows[i]` of the file's: features.toml may list the context otherwise."""
        features = self.composed.features
        width = {column: features.spaces[space].dim for column, space in _context_spaces(features).items()}
        start = self.layer_of["pooling"].output.shape[-1]
        ranges = {}
        for column in CONTEXT:
            ranges[column] = np.arange(start, start + width[column])
            start += width[column]
        pooled = np.arange(self.layer_of["pooling"].output.shape[-1])
        return np.concatenate([pooled, *(ranges[column] for column in features.context)])
