"""encoder.bilstm and encoder.gru: what they refuse at composition, and that they compose in both forms."""

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.config.selection import Selection
from bstkit.errors import ComponentError
from bstkit.plugins.bilstm import BiLSTMEncoder
from bstkit.plugins.gru import GRUEncoder
from tests import models


def selection(*encoders, candidate="append"):
    return Selection(
        recipe="test",
        candidate=candidate,
        position=None,
        encoder=encoders,
        pooling=(models.use("last", "pooling"),),
        head=models.use("mlp", "head", units=[8]),
    )


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (models.use("bilstm", "encoder", merge_mode=None), "`merge_mode` must not be None: an encoder returns one"),
        (models.use("bilstm", "encoder", merge_mode="max"), "Received: merge_mode='max'"),
        (models.use("bilstm", "encoder", units=0), "Received: units=0"),
        (models.use("gru", "encoder", return_sequences=False), "an encoder returns every step"),
        (models.use("gru", "encoder", cell="lstm"), "Received: cell='lstm'"),
        (models.use("gru", "encoder", cell="aigru"), r"'aigru' needs a score\.\* component before it"),
        (models.use("gru", "encoder", cell="agru"), r"'agru' needs a score\.\* component before it"),
        (models.use("gru", "encoder", cell="augru"), r"'augru' needs a score\.\* component before it"),
        (models.use("bilstm", "encoder", units=5, num_residual_layers=2), "must be the width of the sequence, 16"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(map(str, (value.key, *value.parameters.values()))),
)
def test_form_outside_the_contract_is_refused_with_its_reason(use, reason):
    with pytest.raises(ComponentError, match=reason):
        compose(selection(use), models.features())


@pytest.mark.parametrize("candidate", ["append", "apart"])
def test_dien_s_encoders_compose(candidate):
    encoders = (
        models.use("gru", "encoder.0"),
        models.use("score.attention", "encoder.1", units=[4]),
        models.use("gru", "encoder.2", cell="augru", units=5),
    )
    model = compose(selection(*encoders, candidate=candidate), models.features())
    logits = models.logits(model, models.feeds(model, 4, 9, lengths=[0, 1, 6, 9]))
    assert np.isfinite(logits).all()


def test_bilstm_as_deepctr_s_dsin_reads_masked_steps_like_real_ones():
    sequence = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("f")
    mask = np.array([[True, True, False], [False, False, False]])
    exact, ours = BiLSTMEncoder(deepctr_exact=True), BiLSTMEncoder()
    result = np.array(exact(sequence, mask))
    ours(sequence, mask)
    ours.set_weights(exact.get_weights())
    np.testing.assert_allclose(result, ours(sequence, np.ones((2, 3), bool)), atol=1e-6)
    assert np.abs(result[~mask]).min() > 0
    twin = BiLSTMEncoder.from_config(exact.get_config())
    assert twin.deepctr_exact
    assert not ours.deepctr_exact


def test_gru_does_not_read_scores():
    sequence = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("f")
    mask = np.array([[True, True, False], [True, True, True]])
    encoder = GRUEncoder()
    weighted = encoder(sequence, mask, weight=np.full((2, 3), 0.1, np.float32))
    np.testing.assert_array_equal(weighted, encoder(sequence, mask))


@pytest.mark.parametrize(
    ("encoder", "width"),
    [
        (BiLSTMEncoder(), 4),
        (BiLSTMEncoder(3), 3),
        (BiLSTMEncoder(3, merge_mode="concat"), 6),
        (GRUEncoder(), 4),
        (GRUEncoder(3), 3),
    ],
    ids=["bilstm", "bilstm-3", "bilstm-concat", "gru", "gru-3"],
)
def test_width_is_the_sequence_s_unless_told_otherwise(encoder, width):
    result = encoder(np.zeros((2, 3, 4), np.float32), np.ones((2, 3), bool))
    assert tuple(result.shape) == (2, 3, width)
