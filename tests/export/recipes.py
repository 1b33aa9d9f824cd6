"""Compositions for the exporter's tests, built by hand so that they depend on no file and no data."""

from typing import Any

from bstkit.config.features import ContextId, ContextNumeric, Features, History, LogColumns, Space
from bstkit.config.selection import ExportSettings, Selection, Use


def features(
    rows: tuple[int, ...] = (51, 14, 31, 3, 11), dim: int = 64, max_length: int = 50, price: bool = False
) -> Features:
    """The columns of the seed model: item, category, user, gender, age; with or without a numeric one."""
    names = ("item", "cate", "user", "gender", "age")
    context: dict[str, Any] = {f"{name}_id": ContextId(space=name) for name in names[2:]}
    if price:
        context["price"] = ContextNumeric(numeric="standardise", mean=3.0, std=2.0)
    return Features(
        spaces={name: Space(dim=dim, rows=count) for name, count in zip(names, rows, strict=True)},
        log=LogColumns(user="user_id", time="timestamp", labels={"ctr": "click"}),
        target={"item_id": "item", "cate_id": "cate"},
        history={"hist": History(fields={"item_id": "item", "cate_id": "cate"}, max_length=max_length, mask="item_id")},
        context=context,
    )


def bst(opset: int = 18, **shrunk: Any) -> Selection:
    """The seed model's selection; `shrunk` replaces the head's units."""
    return Selection(
        recipe="bst",
        candidate="append",
        position=Use(key="position.sinusoidal", path="position", parameters={"scale": "sequence"}),
        encoder=(
            Use(
                key="encoder.transformer",
                path="encoder",
                parameters={"num_blocks": 2, "num_heads": 8, "ffn_dim": shrunk.get("ffn_dim", 1024)},
            ),
        ),
        pooling=(Use(key="pooling.flatten", path="pooling"),),
        head=Use(key="head.mlp", path="head", parameters={"units": shrunk.get("units", [2056, 512, 32])}),
        export=ExportSettings(opset=opset),
    )


def bst_small(pooling: str = "attention", encoder: str = "transformer", opset: int = 18) -> Selection:
    """A transformer, a pooling that takes any length, a small head."""
    return Selection(
        recipe="bst_small",
        candidate="apart",
        position=Use(key="position.sinusoidal", path="position"),
        encoder=(Use(key=f"encoder.{encoder}", path="encoder"),),
        pooling=(Use(key=f"pooling.{pooling}", path="pooling"),),
        head=Use(key="head.mlp", path="head", parameters={"units": [64, 32]}),
        export=ExportSettings(opset=opset),
    )
