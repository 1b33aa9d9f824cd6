"""The choices of a selection, and one composition of them: tiny, built by hand, without data."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from typing import Any

from bstkit.config.features import ContextId, Features, History, LogColumns, Space
from bstkit.config.selection import Selection, Stack, Use

DIM = 4
"""Width of every table; sequences are twice as wide, item and category."""

FACTORS: dict[str, tuple[str, ...]] = {
    "position": ("none", "sinusoidal", "learned", "time_gap", "session_bias"),
    "encoder": ("identity", "transformer", "deepctr_transformer", "bilstm", "gru", "weighted"),
    "score": ("none", "attention"),
    "pooling": ("attention", "mean", "sum", "max", "kmax", "last", "flatten"),
    "head": ("mlp", "cross", "mmoe"),
    "candidate": ("append", "apart"),
    "branches": ("one", "three"),
    "length": ("free", "fixed"),
}
"""Factor -> its levels. `position = "session_bias"` cuts the history into sessions; `branches = "three"` adds a second
history, a multi-valued column, and weights from the log to all of them; `score = "attention"` puts score.attention
and a component that reads its weights behind the encoder."""

PARAMETERS: dict[str, dict[str, Any]] = {
    "encoder.transformer": {"num_heads": 2, "ffn_dim": 8},
    "encoder.deepctr_transformer": {"num_heads": 2},
    "encoder.bilstm": {"units": 2 * DIM},
    "encoder.gru": {"units": 2 * DIM},
    "score.attention": {"units": [4]},
    "pooling.attention": {"units": [4]},
    "pooling.kmax": {"k": 2},
    "head.mlp": {"units": [6]},
    "head.cross": {"units": [6]},
    "head.mmoe": {"num_experts": 2, "expert_units": [6], "tower_units": [4]},
}
"""Parameters that keep the models small; a component that is not listed takes its defaults."""

NO_WEIGHT = "encoder.weighted needs `weight`"
NO_SESSION = "an appended candidate belongs to no session"
REFUSALS = (NO_WEIGHT, NO_SESSION)
"""Part of the message of each refusal that a combination of these choices can meet."""


@dataclass(frozen=True)
class Composition:
    """One level of each factor; the fields are those of `FACTORS`."""

    position: str
    encoder: str
    score: str
    pooling: str
    head: str
    candidate: str
    branches: str
    length: str

    @property
    def name(self) -> str:
        """Its levels, which tell it from every other one."""
        return "-".join(astuple(self))

    @property
    def refusal(self) -> str | None:
        """Part of the message with which compose must refuse it; None where it must not."""
        if self.position == "session_bias" and self.candidate == "append":
            return NO_SESSION
        if self.encoder == "weighted" and self.score == "none" and self.has_no_weight:
            return NO_WEIGHT
        return None

    @property
    def has_no_weight(self) -> bool:
        """The log gives the encoder no weight; the vectors of sessions have none either."""
        return self.branches == "one" or self.position == "session_bias"

    def selection(self) -> Selection:
        """The selection as registry.toml would give it."""
        session = None
        if self.position == "session_bias":
            session = Stack(
                position=_use("position.session_bias", "session.position"),
                pooling=(_use("pooling.mean", "session.pooling"),),
            )
        plain = self.position not in ("none", "session_bias")
        return Selection(
            recipe="composition",
            candidate=self.candidate,
            length=self.length,
            session=session,
            position=_use(f"position.{self.position}", "position") if plain else None,
            encoder=self._encoders(),
            pooling=(_use(f"pooling.{self.pooling}", "pooling"),),
            head=_use(f"head.{self.head}", "head"),
            branches={"tags": _weighted_sum("branch.tags")} if self.branches == "three" else {},
        )

    def features(self) -> Features:
        """The columns: item and category of the history and the candidate, the user; two tasks for head.mmoe."""
        several = self.branches == "three"
        clicks = {
            "fields": {"item_id": "item", "cate_id": "cate"},
            "session_gap_s": 1800,
            "max_sessions": 3,
            "session_length": 3,
        }
        history = {"hist": History(max_length=5, mask="item_id", weight="dwell" if several else None, **clicks)}
        if several:
            history["cart"] = History(max_length=4, weight="price", **clicks)
            history["tags"] = History(fields={"tags": "tag"}, max_length=3, source="row", weight="tag_weight")
        labels = {"ctr": "click", "cvr": "buy"} if self.head == "mmoe" else {"ctr": "click"}
        spaces = {"item": 23, "cate": 9, "user": 11} | ({"tag": 7} if several else {})
        return Features(
            spaces={name: Space(dim=DIM, rows=rows) for name, rows in spaces.items()},
            log=LogColumns(user="user_id", time="timestamp", labels=labels),
            target={"item_id": "item", "cate_id": "cate"},
            history=history,
            context={"user_id": ContextId(space="user")},
        )

    def _encoders(self) -> tuple[Use, ...]:
        keys: list[tuple[str, dict[str, Any]]] = [(f"encoder.{self.encoder}", {})]
        if self.score != "none":
            score = (f"score.{self.score}", {})
            if self.encoder == "weighted":
                keys.insert(0, score)
            elif self.encoder == "gru":
                keys += [score, ("encoder.gru", {"cell": "augru"})]
            else:
                keys += [score, ("encoder.weighted", {})]
        return tuple(_use(key, f"encoder.{number}", **given) for number, (key, given) in enumerate(keys))


def every_composition() -> Iterator[Composition]:
    """The full product, in a fixed order: first every combination of the other factors once, with the heads in turn,
    then again with the next head; and each time mixed, so that wherever a run is stopped, it has met all of them.
    """
    others = [factor for factor in FACTORS if factor != "head"]
    numbered = list(enumerate(itertools.product(*(FACTORS[factor] for factor in others))))
    random.Random(0).shuffle(numbered)
    for turn in range(len(FACTORS["head"])):
        for number, levels in numbered:
            head = FACTORS["head"][(number + turn) % len(FACTORS["head"])]
            yield Composition(**dict(zip(others, levels, strict=True)), head=head)


def composition_named(name: str) -> Composition:
    """Undo `Composition.name`."""
    return Composition(*name.split("-"))


def _use(key: str, path: str, **given: Any) -> Use:
    return Use(key=key, path=path, parameters=PARAMETERS.get(key, {}) | given)


def _weighted_sum(path: str) -> Stack:
    return Stack(
        encoder=(_use("encoder.weighted", f"{path}.encoder"),), pooling=(_use("pooling.sum", f"{path}.pooling"),)
    )


if tuple(field.name for field in fields(Composition)) != tuple(FACTORS):
    raise TypeError("the fields of Composition are not the factors")
