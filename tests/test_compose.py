"""Composition: the rules of the served model, and what is refused."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.compose import compose, with_rows
from bstkit.config.features import ContextNumeric, Space
from bstkit.errors import ComponentError, ConfigError
from tests.models import composed, features, feeds, logits, selection, use

POOLINGS = ("attention", "mean", "sum", "max", "last", "flatten")
FREE = tuple(name for name in POOLINGS if name != "flatten")


@pytest.fixture(scope="module")
def models():
    return {(p, c): composed(pooling=p, candidate=c) for p in POOLINGS for c in ("append", "apart")}


def test_ages_of_steps_in_the_row_are_an_input_where_they_have_times():
    chosen = selection(position="time_gap", candidate="apart")
    timed = compose(chosen, features(source="row", time="times"))
    assert "hist_age_seconds" in [spec.name for spec in timed.inputs]
    with pytest.raises(ComponentError, match="age_seconds"):
        compose(chosen, features(source="row"))


@pytest.mark.parametrize(
    ("pooling", "length", "fixed"),
    [("flatten", "free", {"hist"}), ("mean", "fixed", {"hist"}), ("mean", "free", set())],
)
def test_histories_that_are_always_padded_are_named(pooling, length, fixed):
    chosen = selection(pooling=pooling).model_copy(update={"length": length})
    assert compose(chosen, features()).fixed == fixed


both = pytest.mark.parametrize("candidate", ["append", "apart"])
every_pooling = pytest.mark.parametrize("pooling", POOLINGS)


@every_pooling
@both
def test_score_does_not_depend_on_padding(models, pooling, candidate):
    model = models[pooling, candidate]
    short = feeds(model, rows=5, time=4, lengths=[0, 1, 2, 3, 4])
    for extra in (1, 2, 30):
        long = {name: np.pad(x, ((0, 0), (0, extra))) if x.ndim == 2 else x for name, x in short.items()}
        np.testing.assert_allclose(logits(model, long), logits(model, short), atol=2e-6)


@every_pooling
@both
def test_only_the_most_recent_steps_count(models, pooling, candidate):
    model = models[pooling, candidate]
    long = feeds(model, rows=3, time=15, lengths=[15, 15, 15])
    recent = {name: x[:, -6:] if x.ndim == 2 else x for name, x in long.items()}
    np.testing.assert_allclose(logits(model, long), logits(model, recent), atol=1e-6)


@every_pooling
@both
def test_padding_row_of_every_table_is_never_read(models, pooling, candidate):
    model = models[pooling, candidate]
    inputs = feeds(model, rows=6, time=6, lengths=[0, 1, 3, 4, 5, 6])
    before = logits(model, inputs)
    tables = [layer.embeddings for layer in model.serving.layers if isinstance(layer, keras.layers.Embedding)]
    assert len(tables) == 5
    kept = [table.numpy() for table in tables]
    try:
        for table, values in zip(tables, kept, strict=True):
            table.assign(np.concatenate([values[:1] + 1e6, values[1:]]))
        np.testing.assert_array_equal(logits(model, inputs), before)
    finally:
        for table, values in zip(tables, kept, strict=True):
            table.assign(values)


@both
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_ids_outside_their_table_score_like_unknown_ones(models, candidate, data):
    model = models["attention", candidate]
    inputs = feeds(model, rows=2, time=3, lengths=[3, 2])
    name = data.draw(st.sampled_from(sorted(inputs)))
    rows = model.features.spaces[next(spec.space for spec in model.inputs if spec.name == name)].rows
    where = (0, 0) if inputs[name].ndim == 2 else 0
    outside = data.draw(st.sampled_from([-1, -(2**31), rows, rows + 100, 2**31 - 1]))
    scores = []
    for value in (outside, 1):
        changed = {key: x.copy() for key, x in inputs.items()}
        changed[name][where] = value
        scores.append(logits(model, changed))
    np.testing.assert_array_equal(scores[0], scores[1])


@both
def test_holes_in_a_history_are_skipped(models, candidate):
    model = models["mean", candidate]
    inputs = feeds(model, rows=1, time=5, lengths=[5])
    inputs["hist_item_id"][0, 2] = 0
    other = {name: x.copy() for name, x in inputs.items()}
    other["hist_cate_id"][0, 2] = 7  # a masked step: whatever its other fields say
    np.testing.assert_array_equal(logits(model, inputs), logits(model, other))


def test_length_input_takes_the_place_of_the_mask():
    by_id = composed(features(), candidate="append", pooling="attention")
    by_length = composed(features(length="hist_length"), candidate="append", pooling="attention")
    by_length.serving.set_weights(by_id.serving.get_weights())
    inputs = feeds(by_id, rows=4, time=9, lengths=[0, 1, 5, 9])
    garbage = {**inputs, "hist_length": np.array([0, 1, 5, 9], np.int32)}
    padding = inputs["hist_item_id"] == 0
    for name in ("hist_item_id", "hist_cate_id"):
        garbage[name] = np.where(padding, 3, inputs[name])
    np.testing.assert_allclose(logits(by_length, garbage), logits(by_id, inputs), atol=1e-6)


def test_appended_candidate_is_scored_by_its_id_not_its_place(models):
    model = models["last", "append"]
    inputs = feeds(model, rows=2, time=3, lengths=[3, 3])
    before = logits(model, inputs)
    inputs["item_id"][0] = inputs["item_id"][0] % 49 + 2
    after = logits(model, inputs)
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_outputs_are_probability_and_logit(models):
    model = models["attention", "append"]
    outputs = model.serving(feeds(model, rows=3, time=2))
    assert set(outputs) == {"ctr", "ctr_logit"}
    np.testing.assert_allclose(outputs["ctr"], 1 / (1 + np.exp(-outputs["ctr_logit"].numpy())), rtol=1e-6)
    assert outputs["ctr"].shape == (3, 1)


def test_training_model_shares_the_layers_of_the_served_one(models):
    model = models["attention", "append"]
    assert {id(w) for w in model.training.weights} == {id(w) for w in model.serving.weights}
    inputs = feeds(model, rows=3, time=2)
    np.testing.assert_array_equal(model.training(inputs)["ctr"], model.serving(inputs)["ctr_logit"])


def test_numeric_context_is_transformed_in_the_model():
    price = ContextNumeric(numeric="standardise", mean=3.0, std=2.0)
    age = ContextNumeric(numeric="bucket", edges=(18.0, 30.0), dim=4)
    model = composed(features(context={"price": price, "age": age}), candidate="apart")
    inputs = feeds(model, rows=4, time=3)
    inputs["price"] = np.array([np.nan, 3.0, 5.0, 5.0], np.float32)
    inputs["age"] = np.array([20.0, 20.0, 20.0, 25.0], np.float32)
    inputs = {name: x if name in ("price", "age") else np.repeat(x[:1], 4, axis=0) for name, x in inputs.items()}
    scores = logits(model, inputs)
    np.testing.assert_array_max_ulp(scores[[0, 2]], scores[[1, 3]], maxulp=16)  # equal rows may round apart in a batch
    assert abs(scores[1] - scores[2]) > 1e-3


def test_features_without_context_compose():
    model = composed(features(context={}), candidate="append")
    assert np.isfinite(logits(model, feeds(model, rows=2, time=2))).all()


def test_score_component_weighs_the_pooling_after_it():
    plain = composed(encoder=("identity",), pooling="sum", candidate="apart")
    weighed = composed(encoder=("identity", "score.attention"), pooling="sum", candidate="apart")
    assert weighed.serving.count_params() > plain.serving.count_params()
    inputs = feeds(weighed, rows=3, time=4, lengths=[0, 2, 4])
    assert np.isfinite(logits(weighed, inputs)).all()


def test_float16_stays_finite():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = composed(candidate="apart", pooling="attention")
        inputs = feeds(model, rows=4, time=6, lengths=[0, 1, 3, 6])
        assert np.isfinite(logits(model, inputs)).all()
        assert model.serving(inputs)["ctr"].dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")


def test_two_models_in_one_process_do_not_share_weights():
    first, second = composed(), composed()
    assert not {id(w) for w in first.serving.weights} & {id(w) for w in second.serving.weights}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_heads": 3}, "encoder: encoder.transformer cannot be built here: `num_heads` must divide"),
        ({"num_blocks": 0}, "encoder: encoder.transformer refuses its parameters: `num_blocks` must"),
    ],
)
def test_refusals_name_the_component_and_the_reason(change, message):
    with pytest.raises(ComponentError) as error:
        compose(selection(**change), features())
    assert message in error.value.message
    assert error.value.hint == "`bstkit show encoder.transformer`"


def test_missing_row_counts_are_refused():
    bare = features()
    bare = bare.model_copy(update={"spaces": {n: s.model_copy(update={"rows": None}) for n, s in bare.spaces.items()}})
    with pytest.raises(ComponentError, match="id space 'item' has no row count"):
        compose(selection(), bare)


def test_candidate_without_the_columns_of_the_history_is_refused():
    narrow = features().model_copy(update={"target": {"item_id": "item"}})
    with pytest.raises(ComponentError, match="the candidate has no column 'cate_id' of id space 'cate'"):
        compose(selection(), narrow)


def test_row_counts_by_column_reach_the_spaces():
    counts = {"item_id": 70, "cate_id": 9, "user_id": 5, "gender": 3, "age": 4}
    rows = {name: space.rows for name, space in with_rows(features(), counts).spaces.items()}
    assert rows == {"item": 70, "cate": 9, "user": 5, "gender": 3, "age": 4}


def test_row_counts_of_hashed_spaces_are_known_whatever_a_recipe_counts():
    table = features()
    spaces = {**table.spaces, "item": Space(dim=8, hash_buckets=20), "user": Space(dim=8, hash_buckets=5)}
    hashed = table.model_copy(update={"spaces": spaces})
    counts = {"item_id": 70, "cate_id": 9, "gender": 3, "age": 4}
    rows = {name: space.rows for name, space in with_rows(hashed, counts).spaces.items()}
    assert rows == {"item": 22, "cate": 9, "user": 7, "gender": 3, "age": 4}


def test_wrong_row_counts_are_all_reported():
    with pytest.raises(ConfigError) as error:
        with_rows(features(), {"item_id": 70, "itm": 3})
    assert "column 'itm'" in error.value.message
    assert "id space 'gender' has no row count" in error.value.message


def test_reason_raised_in_call_is_told_without_keras_frames():
    unweighted = selection().model_copy(update={"encoder": (use("gru", "encoder", cell="agru"),)})
    with pytest.raises(ComponentError) as error:
        compose(unweighted, features())
    message = error.value.message
    assert message.startswith("encoder: encoder.gru cannot be built here: ")
    assert "weight" in message
    assert "\n" not in message
