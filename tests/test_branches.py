"""Several sequences in one model: histories, multi-valued columns, sessions, inner branches, objectives."""

import keras
import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.config.features import Features, History
from bstkit.config.selection import Selection, Stack
from bstkit.errors import ComponentError
from tests.models import features, feeds, logits, use

TAGS = History(fields={"tag": "cate"}, max_length=4, source="row", weight="tag_weight")
CUT = {"session_gap_s": 1800.0, "max_sessions": 3, "session_length": 2}


def table(**histories: History) -> Features:
    """The small features with further histories beside `hist`."""
    base = features(negatives="uniform", **CUT)
    return base.model_copy(update={"history": {**base.history, **histories}})


def plain(**changed) -> Selection:
    """Nothing but sums of embeddings and one dense layer, so that results can be worked out by hand."""
    given = {"candidate": "apart", "pooling": (use("sum", "pooling"),), "head": use("mlp", "head", units=[])}
    return Selection(recipe="test", **{**given, **changed})


def randomised(selection, feature_table):
    composed = compose(selection, feature_table)
    rng = np.random.default_rng(3)
    for weight in composed.training.weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    return composed


def embedding(composed, space, ids):
    return composed.serving.get_layer(f"{space}_embedding").embeddings.numpy()[ids]


def head(composed, *parts):
    """The plain head by hand."""
    kernel, bias = composed.serving.get_layer("head_mlp").logits[0].get_weights()
    return (np.concatenate(parts, axis=-1) @ kernel + bias)[:, 0]


def known(composed, inputs):
    """Target and context as vectors."""
    target = [embedding(composed, space, inputs[column]) for column, space in composed.features.target.items()]
    context = [embedding(composed, f.space, inputs[column]) for column, f in composed.features.context.items()]
    return (*target, *context)


def summed(composed, inputs, name):
    """The sum of a history's steps."""
    item, cate = inputs[f"{name}_item_id"], inputs[f"{name}_cate_id"]
    steps = np.concatenate([embedding(composed, "item", item), embedding(composed, "cate", cate)], axis=-1)
    return (steps * (item > 0)[..., None]).sum(axis=-2)


def test_parts_reach_the_head_in_the_stated_order():
    buys = features().history["hist"].model_copy(update={"max_length": 3})
    composed = randomised(plain(), table(buys=buys, tags=TAGS.model_copy(update={"weight": None})))
    inputs = feeds(composed, rows=5, time=3)
    tags = embedding(composed, "cate", inputs["tags_tag"]) * (inputs["tags_tag"] > 0)[..., None]
    mean = tags.sum(axis=1) / np.maximum((inputs["tags_tag"] > 0).sum(axis=1, keepdims=True), 1)
    expected = head(
        composed, summed(composed, inputs, "hist"), summed(composed, inputs, "buys"), mean, *known(composed, inputs)
    )
    np.testing.assert_allclose(logits(composed, inputs), expected, rtol=1e-5, atol=1e-6)


def test_candidate_columns_that_no_history_has_follow_the_context():
    base = table()
    extended = base.model_copy(update={"target": {"shop": "user", **base.target}})
    composed = randomised(plain(), extended)
    inputs = feeds(composed, rows=4, time=3)
    item, cate = (embedding(composed, space, inputs[f"{space}_id"]) for space in ("item", "cate"))
    context = known(composed, inputs)[3:]
    shop = embedding(composed, "user", inputs["shop"])
    expected = head(composed, summed(composed, inputs, "hist"), item, cate, *context, shop)
    np.testing.assert_allclose(logits(composed, inputs), expected, rtol=1e-5, atol=1e-6)


def test_each_history_has_components_of_its_own():
    buys = features().history["hist"]
    composed = compose(plain(encoder=(use("gru", "encoder"),)), table(buys=buys))
    names = {layer.name for layer in composed.serving.layers}
    assert {"encoder_gru", "buys_encoder_gru", "pooling_sum", "buys_pooling_sum"} <= names
    shared = [layer for layer in composed.serving.layers if isinstance(layer, keras.layers.Embedding)]
    assert len(shared) == 5


def test_a_branch_of_its_own_takes_the_place_of_the_recipes_slots():
    stack = Stack(encoder=(use("identity", "branch.buys.encoder"),), pooling=(use("last", "branch.buys.pooling"),))
    composed = compose(plain(branches={"buys": stack}), table(buys=features().history["hist"]))
    assert [step.use.key for step in composed.steps] == [
        *("pooling.sum", "encoder.identity", "pooling.last", "head.mlp")
    ]


def test_appended_candidate_joins_every_history_that_it_has_the_fields_of():
    buys = features().history["hist"].model_copy(update={"max_length": 3})
    composed = randomised(plain(candidate="append"), table(buys=buys, tags=TAGS))
    inputs = feeds(composed, rows=3, time=2, lengths=[0, 1, 2])
    candidate = np.concatenate(known(composed, inputs)[:2], axis=-1)
    tags = embedding(composed, "cate", inputs["tags_tag"]) * inputs["tags_weight"][..., None]
    count = np.maximum((inputs["tags_tag"] > 0).sum(axis=1, keepdims=True), 1)
    parts = [summed(composed, inputs, name) + candidate for name in ("hist", "buys")]
    expected = head(composed, *parts, tags.sum(axis=1) / count, *known(composed, inputs)[2:])
    np.testing.assert_allclose(logits(composed, inputs), expected, rtol=1e-5, atol=1e-6)


def test_a_weight_is_used_once():
    stack = Stack(encoder=(use("weighted", "branch.tags.encoder"),), pooling=(use("sum", "branch.tags.pooling"),))
    composed = randomised(plain(branches={"tags": stack}), table(tags=TAGS))
    inputs = feeds(composed, rows=4, time=4)
    inputs["tags_weight"][0, 0] = np.nan  # counts as no weight
    tags = embedding(composed, "cate", inputs["tags_tag"]) * np.nan_to_num(inputs["tags_weight"])[..., None]
    expected = head(composed, summed(composed, inputs, "hist"), tags.sum(axis=1), *known(composed, inputs))
    np.testing.assert_allclose(logits(composed, inputs), expected, rtol=1e-5, atol=1e-6)


def test_weights_of_a_log_are_no_input_where_nothing_reads_them():
    stack = Stack(pooling=(use("max", "branch.tags.pooling"),))
    composed = compose(plain(branches={"tags": stack}), table(tags=TAGS))
    assert "tags_weight" not in [spec.name for spec in composed.inputs]


def session(**changed) -> Stack:
    return Stack(**{"pooling": (use("sum", "session.pooling"),), **changed})


def test_sessions_are_pooled_one_by_one():
    composed = randomised(plain(session=session(), pooling=(use("max", "pooling"),)), table())
    inputs = feeds(composed, rows=5, time=6, lengths=[0, 1, 3, 4, 6])
    assert inputs["hist_item_id"].shape == (5, 3, 2)
    sums = summed(composed, inputs, "hist")
    real = (inputs["hist_item_id"] > 0).any(axis=-1)
    largest = np.where(real[..., None], sums, -np.inf).max(axis=1)
    expected = head(composed, np.where(real.any(axis=1)[:, None], largest, 0.0), *known(composed, inputs))
    np.testing.assert_allclose(logits(composed, inputs), expected, rtol=1e-5, atol=1e-6)


def dsin(**changed) -> Selection:
    own = session(
        position=use("session_bias", "session.position"),
        encoder=(use("deepctr_transformer", "session.encoder", num_heads=2),),
    )
    inner = Stack(
        encoder=(use("bilstm", "pooling.1.encoder"),), pooling=(use("attention", "pooling.1.pooling", units=[4]),)
    )
    pooling = (use("attention", "pooling.0", units=[4]), inner)
    return plain(**{"session": own, "pooling": pooling, **changed})


@pytest.mark.parametrize("length", ["free", "fixed"])
def test_padding_of_sessions_and_steps_changes_nothing(length):
    composed = randomised(dsin(length=length), table())
    short = feeds(composed, rows=5, time=6, lengths=[0, 1, 3, 4, 6])
    before = logits(composed, short)
    for sessions, steps in ((1, 0), (0, 3), (2, 5)):
        long = {name: np.pad(x, ((0, 0), (0, sessions), (0, steps))) if x.ndim == 3 else x for name, x in short.items()}
        np.testing.assert_allclose(logits(composed, long), before, atol=2e-6)


def test_only_the_most_recent_sessions_and_steps_count():
    composed = randomised(dsin(), table())
    recent = feeds(composed, rows=3, time=6, lengths=[6, 6, 6])
    long = {
        name: np.concatenate([np.full((3, 2, x.shape[2]), 9, x.dtype), x], axis=1) if x.ndim == 3 else x
        for name, x in recent.items()
    }
    long = {
        name: np.concatenate([np.full((3, 5, 1), 7, x.dtype), x], axis=2) if x.ndim == 3 else x
        for name, x in long.items()
    }
    np.testing.assert_allclose(logits(composed, long), logits(composed, recent), atol=2e-6)


def test_components_of_a_session_are_given_its_number_and_the_candidate():
    own = session(
        position=use("session_bias", "session.position", num_sessions=3),
        pooling=(use("attention", "session.pooling", units=[4]),),
    )
    composed = randomised(plain(session=own), table())
    inputs = feeds(composed, rows=1, time=2, lengths=[2])
    second = {name: np.concatenate([np.full_like(x, 5), x], axis=1) if x.ndim == 3 else x for name, x in inputs.items()}
    bias = composed.serving.get_layer("session_position_session_bias").session_bias
    before, moved = logits(composed, inputs), logits(composed, second)
    bias.assign(bias.numpy() + np.array([[0.0], [0.5], [0.0]]))
    np.testing.assert_array_equal(logits(composed, inputs), before)
    assert not np.allclose(logits(composed, second), moved)
    step = next(step for step in composed.steps if step.use.key == "pooling.attention")
    assert "target" in step.reads


def test_poolings_and_inner_branches_stand_side_by_side():
    inner = Stack(encoder=(use("gru", "pooling.1.encoder", units=4),), pooling=(use("last", "pooling.1.pooling"),))
    composed = compose(plain(pooling=(use("mean", "pooling.0"), inner, use("max", "pooling.2"))), table())
    assert composed.steps[-1].reads["pooled"] == (None, 16 + 4 + 16)
    assert [step.layer for step in composed.steps[:-1]] == [
        *("pooling_0_mean", "pooling_1_encoder_gru", "pooling_1_pooling_last", "pooling_2_max")
    ]
    # what stands in an inner branch does not reach the poolings beside it
    assert composed.steps[-2].reads["sequence"] == (None, None, 16)


DIEN = (use("gru", "encoder.0"), use("objective.next_step", "encoder.1", units=[4]), use("gru", "encoder.2"))


def test_objective_is_trained_and_not_served():
    composed = randomised(plain(encoder=DIEN, pooling=(use("last", "pooling"),)), table())
    negative = ["hist_negative_item_id", "hist_negative_cate_id"]
    assert [spec.name for spec in composed.training_inputs[len(composed.inputs) :]] == negative
    assert not {*negative} & {tensor.name for tensor in composed.serving.inputs}
    served = {id(weight) for weight in composed.serving.weights}
    objective = composed.training.get_layer("encoder_1_objective_next_step")
    assert not served & {id(weight) for weight in objective.weights}
    assert served < {id(weight) for weight in composed.training.weights}
    inputs = feeds(composed, rows=4, time=5, lengths=[0, 2, 4, 5], training=True)
    output = composed.training(inputs)
    assert composed.training.losses[0].shape == ()
    assert float(composed.training.losses[0]) > 0
    np.testing.assert_array_equal(
        output["ctr"][:, 0], logits(composed, {s.name: inputs[s.name] for s in composed.inputs})
    )


def test_objective_teaches_the_encoder_before_it():
    import tensorflow as tf

    composed = randomised(plain(encoder=DIEN, pooling=(use("last", "pooling"),)), table())
    inputs = feeds(composed, rows=4, time=5, lengths=[3, 2, 4, 5], training=True)
    with tf.GradientTape() as tape:
        composed.training(inputs)
        loss = tf.add_n(composed.training.losses)
    gru = composed.training.get_layer("encoder_0_gru").gru
    after = composed.training.get_layer("encoder_2_gru").gru
    first, second = tape.gradient(loss, [gru.gate_kernel.value, after.gate_kernel.value])
    assert float(tf.reduce_max(tf.abs(first))) > 0
    assert second is None


@pytest.mark.parametrize("candidate", ["append", "apart"])
def test_fixed_length_gives_the_numbers_of_a_free_one(candidate):
    chosen = {"candidate": candidate, "encoder": (use("transformer", "encoder", num_heads=2, ffn_dim=8),)}
    free, fixed = (compose(plain(length=length, **chosen), table()) for length in ("free", "fixed"))
    fixed.serving.set_weights(free.serving.get_weights())
    inputs = feeds(free, rows=4, time=3, lengths=[0, 1, 2, 3])
    np.testing.assert_allclose(logits(fixed, inputs), logits(free, inputs), atol=1e-6)
    encoder = next(step for step in fixed.steps if step.use.kind == "encoder")
    assert encoder.reads["sequence"][1] == 6 + (candidate == "append")


MAX = (use("max", "pooling"),)
OBJECTIVE = use("objective.next_step", "encoder")
SESSION_BIAS = use("session_bias", "position")
REFUSED = {
    "branch_without_history": (
        lambda: plain(branches={"hsit": session()}),
        table,
        "branch.hsit: features.toml has no history 'hsit'",
    ),
    "session_of_an_uncut_history": (lambda: plain(session=session()), features, "session: the history is not cut"),
    "session_by_length": (
        lambda: plain(session=session()),
        lambda: features(length="n", **CUT),
        "the history's length input 'n' cannot say where sessions end",
    ),
    "session_with_appended_candidate": (
        lambda: plain(session=session(), candidate="append"),
        table,
        "an appended candidate belongs to no session",
    ),
    "session_in_a_session": (lambda: plain(session=session(session=session())), table, "holds no further sessions"),
    "position_of_sessions_outside_of_them": (
        lambda: plain(position=SESSION_BIAS),
        table,
        "position: position.session_bias needs a history that is cut into sessions",
    ),
    "position_of_sessions_behind_them": (
        lambda: plain(session=session(), position=SESSION_BIAS),
        table,
        "position: position.session_bias needs a history that is cut into sessions",
    ),
    "age_of_a_session": (
        lambda: plain(session=session(), position=use("time_gap", "position")),
        table,
        "position: position.time_gap needs `age_seconds`",
    ),
    "age_of_a_multi_valued_column": (
        lambda: plain(
            branches={
                "tags": Stack(
                    position=use("time_gap", "branch.tags.position"), pooling=(use("sum", "branch.tags.pooling"),)
                )
            }
        ),
        lambda: table(tags=TAGS),
        "position.time_gap needs `age_seconds`",
    ),
    "target_of_a_multi_valued_column": (
        lambda: plain(branches={"tags": Stack(pooling=(use("pooling.attention", "branch.tags.pooling"),))}),
        lambda: table(tags=TAGS),
        "branch.tags.pooling: pooling.attention needs `target`",
    ),
    "objective_with_appended_candidate": (
        lambda: plain(encoder=(OBJECTIVE,), candidate="append"),
        table,
        "an appended candidate is neither",
    ),
    "objective_without_negatives": (
        lambda: plain(encoder=(OBJECTIVE,)),
        features,
        "encoder: objective.next_step needs `negative`",
    ),
    "objective_in_a_session": (
        lambda: plain(session=session(encoder=(OBJECTIVE,))),
        table,
        "objective.next_step is an objective, which reads the steps of a whole history",
    ),
    "objective_in_an_inner_branch": (
        lambda: plain(pooling=(Stack(encoder=(OBJECTIVE,), pooling=(use("sum", "pooling.0.pooling"),)),)),
        table,
        "objective.next_step is an objective, which reads the steps of a whole history",
    ),
    "score_that_nothing_reads": (
        lambda: plain(encoder=(use("score.attention", "encoder"),), pooling=(use("max", "pooling"),)),
        table,
        "encoder: score.attention makes `weight`, which no component after it reads",
    ),
    "score_before_another": (
        lambda: plain(encoder=(use("score.attention", "encoder.0"), use("score.attention", "encoder.1"))),
        table,
        "encoder.0: score.attention makes `weight`, which no component after it reads",
    ),
    "score_before_a_plain_gru": (
        lambda: plain(
            encoder=(use("score.attention", "encoder.0"), use("gru", "encoder.1")), pooling=(use("max", "pooling"),)
        ),
        table,
        "encoder.0: score.attention makes `weight`, which no component after it reads",
    ),
}


@pytest.mark.parametrize(("selection", "feature_table", "message"), REFUSED.values(), ids=REFUSED)
def test_refusal_names_the_place_and_the_reason(selection, feature_table, message):
    with pytest.raises(ComponentError) as error:
        compose(selection(), feature_table())
    assert message in error.value.message
    assert error.value.hint


def test_a_score_may_serve_one_of_several_poolings():
    pooling = (use("max", "pooling.0"), use("sum", "pooling.1"))
    compose(plain(encoder=(use("score.attention", "encoder"),), pooling=pooling), table())


def test_several_tasks_have_an_output_each():
    base = table()
    log = base.log.model_copy(update={"labels": {"ctr": "click", "cvr": "buy"}})
    for key in ("mlp", "cross", "mmoe"):
        composed = compose(plain(head=use(key, "head")), base.model_copy(update={"log": log}))
        outputs = composed.serving(feeds(composed, rows=2, time=3))
        assert list(outputs) == ["ctr", "ctr_logit", "cvr", "cvr_logit"]
        assert list(composed.training.output) == ["ctr", "cvr"]
