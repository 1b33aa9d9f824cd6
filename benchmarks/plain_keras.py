"""Four recipes written as Keras users write them: Embedding, MultiHeadAttention, GRU, Dense, and what is missing there.

Sizes and masks are the recipes'. Keras has no AUGRU: the second GRU of `dien` takes the sequence times its scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

DIM = 64
"""Of every table; a step of the history has an item and a category."""
WIDTH = 2 * DIM


def plain_model(recipe: str, rows: Mapping[str, int], steps: int) -> keras.Model:
    """Build a recipe.

    Args:
        recipe: `"bst"`, `"bst_small"`, `"din"` or `"dien"`.
        rows: column -> rows of its table.
        steps: of a history.

    Returns:
        A model from a dict of ids to the logit; `(batch, steps)` for what starts with `hist_`, otherwise `(batch, 1)`.
    """
    shapes = dict.fromkeys(("hist_item_id", "hist_cate_id"), steps) | dict.fromkeys(rows, 1)
    if recipe == "dien":
        shapes |= dict.fromkeys(("hist_negative_item_id", "hist_negative_cate_id"), steps)
    ids = {name: keras.Input((shape,), dtype="int32", name=name) for name, shape in shapes.items()}
    tables = _Tables(rows)
    pooled = {"bst": _bst, "bst_small": _bst_small, "din": _din, "dien": _dien}[recipe](ids, tables, steps)
    context = [layers.Flatten()(tables.of[name](ids[name])) for name in ("user_id", "gender", "age")]
    hidden = layers.Concatenate()([*pooled, *context])
    dropout = 0.1 if recipe == "bst_small" else 0.0
    for units in {"bst": (2056, 512, 32), "bst_small": (128, 64)}.get(recipe, (256, 128, 64)):
        hidden = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(hidden))
    return keras.Model(ids, layers.Dense(1)(hidden), name=f"plain_{recipe}")


class _Tables:
    """The embedding tables by column."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self.of = {name: layers.Embedding(count, DIM) for name, count in rows.items()}

    def steps(self, items: Any, categories: Any) -> Any:
        """`(batch, steps, WIDTH)`."""
        return layers.Concatenate()([self.of["item_id"](items), self.of["cate_id"](categories)])


class Dice(layers.Layer):
    """DIN's activation around Keras's batch normalisation."""

    supports_masking = True

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create alpha and the normalisation."""
        self.norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-9)
        self.norm.build(shape)
        self.alphas = self.add_weight(shape=shape[-1:], initializer="zeros")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Activate."""
        gate = ops.sigmoid(self.norm(inputs, training=training))
        return gate * inputs + (1.0 - gate) * self.alphas * inputs


class NextStepLoss(layers.Layer):
    """DIEN's auxiliary loss: each state should know the step that came from one that was drawn."""

    supports_masking = True

    def build(self, states_shape: Any, clicked_shape: Any, negative_shape: Any) -> None:
        """Create the network."""
        self.network = keras.Sequential([*(layers.Dense(n, activation="sigmoid") for n in (100, 50)), layers.Dense(1)])
        self.network.build((None, None, states_shape[-1] + clicked_shape[-1]))

    def call(self, states: Any, clicked: Any, negative: Any) -> Any:
        """Add the loss; pass the states on."""
        logits = [self.network(ops.concatenate([states[:, :-1], one[:, 1:]], -1)) for one in (clicked, negative)]
        self.add_loss(ops.mean(ops.softplus(-logits[0]) + ops.softplus(logits[1])))
        return states


def _bst(ids: Mapping[str, Any], tables: _Tables, steps: int) -> list[Any]:
    sequence, mask = _appended(ids, tables, steps, scale=WIDTH**0.5)
    for _ in range(2):
        sequence = _block(sequence, mask, heads=8, ffn_dim=1024, dropout=0.0)
    return [layers.Flatten()(sequence)]


def _bst_small(ids: Mapping[str, Any], tables: _Tables, steps: int) -> list[Any]:
    sequence, mask = _appended(ids, tables, steps, scale=1.0)
    target = _candidate(ids, tables)
    sequence = _block(sequence, mask, heads=4, ffn_dim=256, dropout=0.1)
    return [layers.Flatten()(layers.Dot(1)([_scores(sequence, target, mask, (80, 40), "sigmoid"), sequence]))]


def _din(ids: Mapping[str, Any], tables: _Tables, steps: int) -> list[Any]:
    sequence, target = tables.steps(ids["hist_item_id"], ids["hist_cate_id"]), _candidate(ids, tables)
    mask = ops.not_equal(ids["hist_item_id"], 0)
    weights = _scores(sequence, target, mask, (80, 40), "dice", normalise=False)
    return [layers.Flatten()(layers.Dot(1)([weights, sequence])), target]


def _dien(ids: Mapping[str, Any], tables: _Tables, steps: int) -> list[Any]:
    clicked, target = tables.steps(ids["hist_item_id"], ids["hist_cate_id"]), _candidate(ids, tables)
    negative = tables.steps(ids["hist_negative_item_id"], ids["hist_negative_cate_id"])
    mask = ops.not_equal(ids["hist_item_id"], 0)
    states = layers.GRU(WIDTH, return_sequences=True)(clicked, mask=mask)
    states = NextStepLoss()(states, clicked, negative)
    weighed = states * _scores(states, target, mask, (64, 16), "dice")
    return [layers.GRU(WIDTH)(weighed, mask=mask), target]


def _candidate(ids: Mapping[str, Any], tables: _Tables) -> Any:
    return layers.Flatten()(tables.steps(ids["item_id"], ids["cate_id"]))


def _appended(ids: Mapping[str, Any], tables: _Tables, steps: int, scale: float) -> tuple[Any, Any]:
    """The history with the candidate as its last step, with sinusoids; and its mask."""
    items, categories = (layers.Concatenate()([ids[f"hist_{name}"], ids[name]]) for name in ("item_id", "cate_id"))
    angle = np.arange(steps + 1)[:, None] / 10_000 ** (np.arange(WIDTH) // 2 * 2 / WIDTH)
    sinusoids = np.where(np.arange(WIDTH) % 2, np.cos(angle), np.sin(angle)).astype(np.float32)
    return tables.steps(items, categories) * scale + sinusoids, ops.not_equal(items, 0)


def _block(sequence: Any, mask: Any, heads: int, ffn_dim: int, dropout: float) -> Any:
    attention = layers.MultiHeadAttention(heads, WIDTH // heads, dropout=dropout)
    attended = attention(sequence, sequence, attention_mask=mask[:, None, :])
    sequence = layers.LayerNormalization(epsilon=1e-6)(sequence + layers.Dropout(dropout)(attended))
    transformed = layers.Dense(WIDTH)(layers.Dense(ffn_dim, activation="relu")(sequence))
    return layers.LayerNormalization(epsilon=1e-6)(sequence + layers.Dropout(dropout)(transformed))


def _scores(
    sequence: Any, target: Any, mask: Any, units: Sequence[int], activation: str, normalise: bool = True
) -> Any:
    """DIN's attention, `(batch, steps, 1)`."""
    query = layers.RepeatVector(sequence.shape[1])(target)
    hidden = layers.Concatenate()([query, sequence, query - sequence, query * sequence])
    for width in units:
        hidden = layers.Dense(width)(hidden)
        hidden = Dice()(hidden) if activation == "dice" else layers.Activation(activation)(hidden)
    scores, real = layers.Dense(1)(hidden), ops.expand_dims(mask, -1)
    return layers.Softmax(axis=1)(scores, mask=real) if normalise else scores * ops.cast(real, "float32")
