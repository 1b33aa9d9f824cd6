"""Learned positions, time gaps and session biases: by hand, at padding, out of range, in a config."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.compose import compose
from bstkit.errors import ComponentError
from bstkit.plugins.learned_position import LearnedPosition
from bstkit.plugins.session_bias import SessionBiasPosition
from bstkit.plugins.time_gap import TimeGapPosition
from tests.models import composed, features, feeds, logits, selection

STEP = np.array([0, 1, 2, 3, 4, 9], np.int32)  # the last one is an appended candidate
DAY = 86400


def test_learned_position_adds_the_vector_of_each_step(sequence, mask):
    layer = LearnedPosition(max_steps=10)
    layer(sequence, mask, STEP)
    table = layer.table.numpy()
    np.testing.assert_allclose(layer(sequence, mask, STEP), sequence + table[STEP], rtol=1e-6)
    assert table.shape == (10, 8)
    assert table.std() > 0.01


@pytest.mark.parametrize(
    ("age", "bucket"),
    [
        *((-5, 0), (0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (3600, 11), (DAY, 16)),
        *((2**23 - 1, 22), (2**23, 23), (2**24 + 1, 23), (2**31 - 1, 23)),
    ],
)
def test_age_falls_in_its_log2_bucket(age, bucket):
    layer = TimeGapPosition()
    zero, real = np.zeros((1, 1, 2), np.float32), np.ones((1, 1), bool)
    ages = np.full((1, 1), age, np.int32)
    layer(zero, real, ages)
    layer.table.assign(np.arange(24)[:, None] * np.ones((24, 2)))
    np.testing.assert_array_equal(layer(zero, real, ages)[0, 0], [bucket, bucket])


@settings(max_examples=20, deadline=None)
@given(k=st.integers(1, 30))
def test_bucket_edges_are_exact_past_what_float32_tells_apart(k):
    layer = TimeGapPosition(num_buckets=31)
    zero, real = np.zeros((1, 2, 1), np.float32), np.ones((1, 2), bool)
    ages = np.array([[2**k - 1, 2**k]], np.int32)
    layer(zero, real, ages)
    layer.table.assign(np.arange(31)[:, None])
    np.testing.assert_array_equal(layer(zero, real, ages)[0, :, 0], [k - 1, k])


def test_time_gap_leaves_padding_as_it_was(sequence, mask):
    age = np.full(mask.shape, DAY, np.int32)
    result = np.array(TimeGapPosition()(sequence, mask, age))
    np.testing.assert_array_equal(result[~mask], sequence[~mask])
    assert np.abs(result[mask] - sequence[mask]).max() > 0


@pytest.mark.parametrize("candidate", ["append", "apart"])
def test_time_gap_feeds_ages_and_reads_them(candidate):
    model = composed(position="time_gap", candidate=candidate)
    assert "hist_age_seconds" in [spec.name for spec in model.inputs]
    given_feeds = feeds(model, 4, 6, lengths=[6, 3, 1, 0])
    before = logits(model, given_feeds)
    later = {**given_feeds, "hist_age_seconds": given_feeds["hist_age_seconds"] // 64}
    assert (np.abs(logits(model, later) - before)[:3] > 1e-6).all()
    assert logits(model, later)[3] == pytest.approx(before[3], abs=1e-6)  # an empty history has no age


def test_other_positions_feed_no_ages():
    assert "hist_age_seconds" not in [spec.name for spec in composed(position="learned").inputs]


@pytest.mark.parametrize("position", ["learned", "time_gap"])
@pytest.mark.parametrize("candidate", ["append", "apart"])
def test_padding_moves_no_score(position, candidate):
    model = composed(position=position, candidate=candidate)
    short = feeds(model, 5, 3, lengths=[3, 2, 1, 0, 3])
    long = {name: np.pad(v, ((0, 0), (0, 3))) if v.ndim == 2 else v for name, v in short.items()}
    np.testing.assert_allclose(logits(model, long), logits(model, short), atol=1e-5)


def test_session_bias_by_hand():
    layer = SessionBiasPosition(max_steps=4, num_sessions=3)
    zero, real = np.zeros((1, 3, 2), np.float32), np.ones((1, 3), bool)
    step, session = np.array([0, 1, 3], np.int32), np.array([[0, 2, 7]], np.int32)
    layer(zero, real, step, session)
    layer.session_bias.assign([[1.0], [2.0], [3.0]])
    layer.step_bias.assign([[10.0], [20.0], [30.0], [40.0]])
    layer.channel_bias.assign([100.0, 200.0])
    expected = [[[111, 211], [123, 223], [143, 243]]]  # session 7 counts as the last one, 2
    np.testing.assert_allclose(layer(zero, real, step, session), expected)


def test_session_bias_is_refused_without_sessions():
    with pytest.raises(ComponentError, match=r"position\.session_bias needs a history that is cut into sessions"):
        compose(selection(position="session_bias", candidate="apart"), features())


@pytest.mark.parametrize(
    "layer",
    [LearnedPosition(max_steps=10), TimeGapPosition(num_buckets=5), SessionBiasPosition(max_steps=10, num_sessions=2)],
    ids=lambda layer: type(layer).__name__,
)
def test_config_round_trips_with_the_same_result(layer, sequence, mask):
    extra = {
        LearnedPosition: (STEP,),
        TimeGapPosition: (np.arange(36, dtype=np.int32).reshape(6, 6),),
        SessionBiasPosition: (STEP, mask.astype(np.int32)),
    }[type(layer)]
    expected = layer(sequence, mask, *extra)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    twin(sequence, mask, *extra)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(sequence, mask, *extra), expected)


@pytest.mark.parametrize(
    ("component", "arguments", "message"),
    [
        (LearnedPosition, {"max_steps": 0}, "Received: max_steps=0"),
        (TimeGapPosition, {"num_buckets": 1}, "`num_buckets` must be from 2 to 31. Received: num_buckets=1"),
        (TimeGapPosition, {"num_buckets": 32}, "Received: num_buckets=32"),
        (SessionBiasPosition, {"max_steps": 0}, "Received: max_steps=0"),
        (SessionBiasPosition, {"max_steps": 4, "num_sessions": 0}, "Received: num_sessions=0"),
    ],
)
def test_wrong_argument_is_refused(component, arguments, message):
    with pytest.raises(ValueError, match=message):
        component(**arguments)
