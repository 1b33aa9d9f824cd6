"""DeepCTR's whole models, played by composed recipes with DeepCTR's weights copied in.

DeepCTR's ids begin with 0, which is a real one in its BST and DIEN and in every candidate. Ours are one more, and our
tables begin with its first row twice; 0 stays padding where it masks.
"""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from bstkit.compose import Composed, compose
from tests.golden import recipes
from tests.golden.adapters import assign, bilstm, dnn, dynamic_gru, local_activation, transformer
from tests.golden.cases import Arrays, Case


class Model:
    """A recipe that is composed when its file is known."""

    composed: Composed

    def layer(self, name: str) -> Any:
        """A component of the trained model, by its layer's name."""
        return self.composed.training.get_layer(name)


def make(config: dict[str, Any], style: str, training: bool) -> Model:
    """Composed at the first call."""
    return Model()


def call(model: Model, inputs: dict[str, Any], case: Case) -> dict[str, Any]:
    """The probability, and the auxiliary loss where the file has one."""
    if not hasattr(model, "composed"):
        model.composed = compose(recipes.selection(case), recipes.features(case))
    composed, feeds = model.composed, our_inputs(case)
    feeds |= {
        spec.name: np.zeros_like(feeds[spec.name.replace("_negative", "")])
        for spec in composed.training_inputs
        if spec.role == "negative" and spec.name not in feeds
    }
    outputs = {"pred": composed.serving({spec.name: feeds[spec.name] for spec in composed.inputs})["ctr"]}
    if "aux_loss" in case.outputs:
        composed.training({spec.name: feeds[spec.name] for spec in composed.training_inputs})
        outputs["aux_loss"] = tf.reshape(tf.add_n(composed.training.losses), (1,))
    return outputs


def variables(model: Model) -> dict[str, Any]:
    """None: whole models come without gradients."""
    return {}


def our_inputs(case: Case) -> Arrays:
    """The file's inputs under our names, ids moved by one."""
    given, dsin = case.inputs, recipes.recipe(case) == "dsin"
    feeds = {name: array + 1 for name, array in given.items() if name in recipes.columns(case) and array.ndim == 1}
    feeds |= {name: array for name, array in given.items() if array.ndim == 1 and name not in feeds}
    for column in ("item", "cate_id") if dsin else ("item_id", "cate_id"):
        if dsin:
            sessions = [given[f"sess_{number}_{column}"] for number in range(case.config["sess_max_count"])]
            feeds[f"sess_{column}"] = _masking_ids(np.stack(sessions, axis=1))
        else:
            ids = given[f"hist_{column}"]
            feeds[f"hist_{column}"] = _masking_ids(ids) if recipes.recipe(case) == "din" else ids + 1
            if f"neg_hist_{column}" in given:
                feeds[f"hist_negative_{column}"] = given[f"neg_hist_{column}"] + 1
    for column in ("tags", "wtags"):
        if column in given:
            ids = given[column]
            feeds[f"{column}_{column}"] = ids + 1 if f"{column}_len" in given else _masking_ids(ids)
            if f"{column}_w" in given:
                feeds[f"{column}_weight"] = given[f"{column}_w"][..., 0]
    return feeds


def load(model: Model, weights: Arrays, case: Case | None = None) -> None:
    """Assign every weight of the file; one that is left over is an error."""
    left = {renamed(name): array for name, array in weights.items()}
    for space, ending in _spaces(model):
        [name] = [name for name in left if re.fullmatch(rf".*{ending}/embeddings", name)]
        table = left.pop(name)
        model.layer(f"{space}_embedding").embeddings.assign(np.concatenate([table[:1], table]))
    _load_components(model, left)
    _load_head(model, left)
    if left:
        raise ValueError(f"these weights of the file have no place here: {sorted(left)}")


def renamed(name: str) -> str:
    """A weight's name in the files of whole models -> the one that files of single layers use for its last part."""
    name = name.removesuffix(":0").replace("/gru_cell/", "/").replace("/local_activation_unit/", "/")
    name = re.sub(r"dice(?:_(\d+))?/", lambda found: f"dice{found[1] or 0}/", name)
    name = re.sub(r"(dice\d/)batch_normalization(?:_\d+)?/", r"\1", name).replace("dice_alpha", "alphas")
    name = re.sub(r"/batch_normalization(?:_(\d+))?/", lambda found: f"/bn{found[1] or 0}/", name)
    name = re.sub(r"(attention_sequence_pooling_layer(?:_\d+)?/)dnn_\d+/", r"\1dnn/", name)
    name = re.sub(r"/layer_normalization(?:_\d+)?/", "/ln/", name)
    return name.replace("gates/", "gate_").replace("candidate/", "candidate_")


def _masking_ids(ids: np.ndarray) -> np.ndarray:
    return np.where(ids == 0, 0, ids + 1)


def _spaces(model: Model) -> list[tuple[str, str]]:
    dsin = model.composed.selection.recipe == "dsin"
    known = (recipes.SESSION_COLUMNS if dsin else recipes.COLUMNS).values()
    return [(space, ending) for space, ending in known if space in model.composed.features.spaces]


def _taken(left: Arrays, layer: str) -> Arrays:
    """The weights of one of DeepCTR's layers, taken out of those that are left."""
    names = [name for name in left if name.startswith(f"{layer}/")]
    return {name.removeprefix(f"{layer}/"): left.pop(name) for name in names}


def _load_components(model: Model, left: Arrays) -> None:
    """The layers between the tables and the head, by recipe."""
    attention = "attention_sequence_pooling_layer"
    match model.composed.selection.recipe:
        case "bst_deepctr":
            for number, block in enumerate(model.layer("encoder_deepctr_transformer").blocks):
                _load_transformer(block, _taken(left, f"transformer_{number}" if number else "transformer"))
            assign(local_activation.variables(model.layer("pooling_attention").unit), _taken(left, attention))
        case "din":
            assign(local_activation.variables(model.layer("pooling_attention").unit), _taken(left, attention))
        case "dien":
            _load_dien(model, left)
        case "dsin":
            bias = model.layer("session_position_session_bias")
            for name, variable in (("sess", "session_bias"), ("seq", "step_bias"), ("item", "channel_bias")):
                mine = getattr(bias, variable)
                mine.assign(left.pop(f"bias_encoding/{name}_bias_embedding").reshape(mine.shape))
            [block] = model.layer("session_encoder_deepctr_transformer").blocks
            _load_transformer(block, _taken(left, "transformer"))
            assign(local_activation.variables(model.layer("pooling_0_attention").unit), _taken(left, attention))
            unit = model.layer("pooling_1_pooling_attention").unit
            assign(local_activation.variables(unit), _taken(left, f"{attention}_1"))
            _load_bilstm(model.layer("pooling_1_encoder_bilstm").bilstm, _taken(left, "bi_lstm"))


def _load_dien(model: Model, left: Arrays) -> None:
    plain = model.composed.selection.pooling[0].name == "attention"
    grus = ("encoder_0_gru", "encoder_1_gru" if plain else "encoder_3_gru")
    for name, layer in zip(("gru1", "gru2"), grus, strict=True):
        assign(dynamic_gru.variables(model.layer(layer).gru), _taken(left, name))
    unit = model.layer("pooling_attention").unit if plain else model.layer("encoder_2_score_attention")
    assign(local_activation.variables(unit), _taken(left, "attention_sequence_pooling_layer"))
    if "dnn/kernel2" in left:
        objective, weights = model.layer("encoder_1_objective_next_step"), _taken(left, "dnn")
        objective.score.set_weights([weights.pop("kernel2"), weights.pop("bias2")])
        assign(dnn.variables(objective.network), weights)


def _load_transformer(block: Any, weights: Arrays) -> None:
    """The first position table is that of the queries, whatever its number."""
    tables = sorted((name for name in weights if "lookup_table" in name), key=lambda name: (len(name), name))
    weights |= {ours: weights.pop(name) for ours, name in zip(("query_pe", "key_pe"), tables, strict=bool(tables))}
    assign(transformer.variables(block), weights)


def _load_bilstm(layer: Any, weights: Arrays) -> None:
    """DeepCTR makes a forward and a backward LSTM in turn."""
    stacks = {"lstm": "fw0", "lstm_1": "bw0", "lstm_2": "fw1", "lstm_3": "bw1"}
    named = {f"{stacks[name.partition('/')[0]]}/{name.rpartition('/')[2]}": w for name, w in weights.items()}
    assign(bilstm.variables(layer), named)


def _load_head(model: Model, left: Arrays) -> None:
    """The rows of its first layer follow the order in which the parts reach the head; see `head_order`."""
    head = model.layer("head_mlp")
    name = sorted({name.partition("/")[0] for name in left if name.startswith("dnn")})[-1]
    weights = _taken(left, name)
    weights["kernel0"] = weights["kernel0"][head_order(model.composed)]
    assign(dnn.variables(head.hidden), weights)
    head.logits[0].set_weights([left.pop("dense/kernel"), left.pop("prediction_layer/global_bias")])


def head_order(composed: Composed) -> np.ndarray:
    """Our row of the head's first kernel -> DeepCTR's.

    DeepCTR: ids in column order (user, gender, candidate), multi-valued columns, behaviours, numbers. Ours: behaviours
    and multi-valued columns in the order of the histories, candidate, context.
    """
    features = composed.features
    dim = {name: space.dim for name, space in features.spaces.items()}
    candidate = sum(dim[space] for space in features.target.values())
    ids = [dim[feature.space] for feature in features.context.values() if hasattr(feature, "space")]
    behaviours, *multi_valued = [sum(dim[s] for s in history.fields.values()) for history in features.history.values()]
    behaviours *= len(composed.selection.pooling)
    sizes = {
        "ids": sum(ids),
        "candidate": candidate,
        "multi": sum(multi_valued),
        "behaviours": behaviours,
        "numbers": 1,
    }
    ends = np.cumsum(list(sizes.values()))
    theirs = {part: np.arange(end - size, end) for (part, size), end in zip(sizes.items(), ends, strict=True)}
    return np.concatenate([theirs[part] for part in ("behaviours", "multi", "candidate", "ids", "numbers")])
