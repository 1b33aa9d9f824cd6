"""Which of our recipes plays a whole DeepCTR model, on which features: nothing but settings, no model of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bstkit.config.features import ContextId, ContextNumeric, Features, History, LogColumns, Space
from bstkit.config.resolve import load_selection
from bstkit.config.selection import Selection
from tests.golden.cases import Case

RECIPES = {"transformer_num": "bst_deepctr", "att_hidden_size": "din", "gru_type": "dien", "sess_max_count": "dsin"}
"""DeepCTR's argument that only one of its models has -> the recipe."""

COLUMNS = {
    "item_id": ("item", "hist_item_id"),
    "cate_id": ("cate", "hist_cate_id"),
    "user": ("user", "emb_user"),
    "gender": ("gender", "emb_gender"),
    "tags": ("tag", "emb_tags"),
    "wtags": ("wtag", "emb_wtags"),
}
"""Column -> our id space, and how the name of DeepCTR's table ends."""

SESSION_COLUMNS = {
    "item": ("item", "-item"),
    "cate_id": ("cate", "-cate_id"),
    "user": ("user", "-user"),
}


def recipe(case: Case) -> str:
    """The recipe that plays the file's model."""
    return next(recipe for argument, recipe in RECIPES.items() if argument in case.config)


def columns(case: Case) -> dict[str, tuple[str, str]]:
    """The file's id columns."""
    known = SESSION_COLUMNS if recipe(case) == "dsin" else COLUMNS
    return {column: names for column, names in known.items() if column in case.inputs}


def tables(case: Case) -> dict[str, Any]:
    """Our id space -> DeepCTR's embedding table."""
    found = {}
    for space, ending in columns(case).values():
        [found[space]] = [w for name, w in case.weights.items() if name.partition("/")[0].endswith(ending)]
    return found


def features(case: Case) -> Features:
    """The features of DeepCTR's own test models; our tables have a row more, for ids 0 are real ones there."""
    name = recipe(case)
    fields = {column: COLUMNS[column][0] for column in ("item_id", "cate_id")}
    mask: dict[str, Any] = {} if name == "din" else {"length": "seq_length"}  # DIN compares ids, the others count
    histories = {"hist": History(fields=fields, max_length=7, negatives="uniform", **mask)}
    if name == "dsin":
        fields = {column: SESSION_COLUMNS[column][0] for column in ("item", "cate_id")}
        histories = {
            "sess": History(fields=fields, max_length=12, session_gap_s=1800.0, max_sessions=3, session_length=4)
        }
    for column in ("tags", "wtags"):
        if column in case.inputs:
            length = f"{column}_len" if f"{column}_len" in case.inputs else None
            weight = f"{column}_w" if f"{column}_w" in case.inputs else None
            histories[column] = History(
                fields={column: COLUMNS[column][0]}, max_length=4, source="row", length=length, weight=weight
            )
    context: dict[str, Any] = {
        column: ContextId(space=columns(case)[column][0]) for column in ("user", "gender") if column in case.inputs
    }
    return Features(
        spaces={space: Space(dim=table.shape[1], rows=table.shape[0] + 1) for space, table in tables(case).items()},
        log=LogColumns(user="user", time="time", labels={"ctr": "click"}),
        target=fields,
        history=histories,
        context=context | {"pay_score": ContextNumeric(numeric="standardise", mean=0.0, std=1.0)},
    )


def selection(case: Case) -> Selection:
    """The packaged recipe with the file's sizes, in the form that reads padding as DeepCTR does."""
    config, name = case.config, recipe(case)
    settings = [f"head.units={config['dnn_hidden_units']}"]
    if "wtags" in case.inputs:  # combiner="sum", weight_normalization=True
        settings += [
            'branch.wtags.encoder={ use = "weighted", weight_normalization = true }',
            "branch.wtags.pooling=sum",
        ]
    return load_selection(
        name,
        settings=[*settings, *_settings(case)],
        slots=_slots(case),
        environ={},
        working_folder=Path(__file__).parent,
    )


def _slots(case: Case) -> dict[str, str]:
    """DIEN without attention in its second GRU pools by attention."""
    return {"encoder": '["gru", "gru"]', "pooling": "attention"} if case.config.get("gru_type") == "GRU" else {}


def _settings(case: Case) -> list[str]:
    config, name = case.config, recipe(case)
    if name == "bst_deepctr":
        return [
            f"encoder.num_blocks={config['transformer_num']}",
            f"encoder.num_heads={config['att_head_num']}",
            f"head.batch_normalization={str(config.get('use_bn', False)).lower()}",
            "encoder.deepctr_exact=true",
            "pooling.deepctr_exact=true",
        ]
    if name == "din":
        return [*_attention("pooling", "att_hidden_size", config), "pooling.deepctr_exact=true"]
    if name == "dien" and config["gru_type"] == "GRU":
        return _attention("pooling", "att_hidden_units", config)
    if name == "dien":
        return [
            *_attention("encoder.2", "att_hidden_units", config),
            f"encoder.3.cell={config['gru_type'].lower()}",
            "encoder.1.deepctr_exact=true",
        ]
    exact = ("session.encoder", "pooling.0", "pooling.1.encoder", "pooling.1.pooling")
    return [
        f"session.position.num_sessions={config['sess_max_count']}",
        f"session.encoder.num_heads={config['att_head_num']}",
        "session.pooling.include_padding=true",
        *(f"{path}.deepctr_exact=true" for path in exact),
    ]


def _attention(path: str, units: str, config: dict[str, Any]) -> list[str]:
    return [
        f"{path}.units={config[units]}",
        f"{path}.activation={config.get('att_activation', 'dice')}",
        f"{path}.weight_normalization={str(config.get('att_weight_normalization', True)).lower()}",
    ]
