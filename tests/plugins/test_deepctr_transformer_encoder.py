"""DeepCTR's transformer as an encoder: the layer's steps, block after block; what leaves the contract is refused."""

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.errors import ComponentError
from bstkit.layers.deepctr_transformer import DeepctrTransformer
from bstkit.plugins.deepctr_transformer import DeepctrTransformerEncoder
from tests.models import features, feeds, logits, selection, use


def test_encoder_is_its_layers_one_after_the_other(sequence, mask):
    encoder = DeepctrTransformerEncoder(num_blocks=2, num_heads=2, attention_type="additive", use_layer_norm=True)
    expected = sequence
    result = encoder(sequence, mask)
    for block in encoder.blocks:
        assert block.output_type is None
        assert not block.use_positional_encoding
        expected = block(expected, mask)
    np.testing.assert_array_equal(result, expected)
    assert np.abs(np.array(result) - sequence)[mask].max() > 0.1


STEP = np.array([0, 1, 2, 3, 4, 9], np.int32)  # an appended candidate keeps its number whatever the padding
POSITIONS = {"use_positional_encoding": True, "num_heads": 2, "max_steps": 10}


def test_every_block_adds_positions_of_its_own_to_queries_and_to_keys(sequence, mask):
    encoder = DeepctrTransformerEncoder(num_blocks=2, deepctr_exact=True, **POSITIONS)
    expected = sequence
    result = encoder(sequence, mask, step=STEP)
    tables = [table for block in encoder.blocks for table in (block.query_position.table, block.key_position.table)]
    rng = np.random.default_rng(3)
    for table in tables:
        assert tuple(table.shape) == (10, 8)
        table.assign(rng.normal(size=(10, 8)))
    plain = DeepctrTransformer(num_heads=2, use_positional_encoding=False, output_type=None, deepctr_exact=True)
    plain.build(sequence.shape)
    for number, block in enumerate(encoder.blocks):
        query, key = (expected + 8**0.5 * table.numpy()[STEP] for table in tables[2 * number : 2 * number + 2])
        plain.set_weights([w for w in block.get_weights() if w.shape != (10, 8)])
        expected = np.array(plain(query, mask, key, mask))
    result = np.array(encoder(sequence, mask, step=STEP))
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("exact", [False, True])
def test_learned_positions_follow_the_given_steps(exact, sequence, mask):
    encoder = DeepctrTransformerEncoder(deepctr_exact=exact, **POSITIONS)
    everything = np.ones_like(mask)
    first = np.array(encoder(sequence, everything, step=np.arange(6, dtype=np.int32)))
    moved = np.array(encoder(sequence, everything, step=STEP))
    assert np.abs(first - moved).max() > 1e-3
    order = np.array([5, 3, 0, 1, 4, 2])
    shuffled = encoder(sequence[:, order], everything[:, order], step=STEP[order])  # the order itself says nothing
    np.testing.assert_allclose(shuffled, moved[:, order], rtol=1e-3, atol=1e-3)


def test_positions_ignore_masked_steps_and_train(sequence, mask):
    import tensorflow as tf

    encoder = DeepctrTransformerEncoder(**POSITIONS)
    clean = np.array(encoder(sequence, mask, step=STEP))
    dirty = np.where(mask[..., None], sequence, np.float32(np.nan))
    np.testing.assert_allclose(np.array(encoder(dirty, mask, step=STEP))[mask], clean[mask], atol=1e-5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.where(mask[..., None], encoder(sequence, mask, step=STEP), 0.0) ** 2)
    for gradient in tape.gradient(loss, [weight.value for weight in encoder.trainable_weights]):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0


def test_config_keeps_positions_and_exactness():
    encoder = DeepctrTransformerEncoder(deepctr_exact=True, blinding=False, **POSITIONS)
    twin = DeepctrTransformerEncoder.from_config(encoder.get_config())
    assert twin.get_config() == encoder.get_config()
    assert twin.blocks[0].use_positional_encoding
    assert twin.blocks[0].deepctr_exact
    assert twin.blocks[0].max_steps == 10


def test_positions_without_steps_or_their_number_are_refused(sequence, mask):
    with pytest.raises(ValueError, match="`max_steps` must be given with `use_positional_encoding`"):
        DeepctrTransformerEncoder(use_positional_encoding=True)
    with pytest.raises(ValueError, match="`step` must be given with `use_positional_encoding`"):
        DeepctrTransformerEncoder(**POSITIONS)(sequence, mask)


@pytest.mark.parametrize("candidate", ["append", "apart"])
def test_composed_positions_do_not_move_with_the_padding(candidate):
    chosen = selection(candidate=candidate, pooling="sum", position=None)
    encoder = use("deepctr_transformer", "encoder", use_positional_encoding=True, num_heads=2, num_blocks=2)
    model = compose(chosen.model_copy(update={"encoder": (encoder,)}), features())
    [block, _] = model.serving.get_layer("encoder_deepctr_transformer").blocks
    assert block.query_position.table.shape[0] == 6 + (candidate == "append")
    short, long = (feeds(model, 4, time, lengths=[0, 1, 3, 3], seed=1) for time in (3, 6))
    for name in short:
        if name.startswith("hist_"):
            long[name] = np.pad(short[name], ((0, 0), (0, 3)))
        else:
            long[name] = short[name]
    np.testing.assert_allclose(logits(model, long), logits(model, short), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output_type": "mean"}, r"`output_type` must be None in an encoder.*pooling.*Received: output_type='mean'"),
        ({"output_type": "sum"}, "Received: output_type='sum'"),
        ({"num_blocks": 0}, "Received: num_blocks=0"),
        ({"attention_type": "dot"}, "Received: attention_type='dot'"),
        ({"num_heads": 3}, "must be the width of the sequence"),
    ],
)
def test_form_that_leaves_the_contract_is_refused_at_composition(arguments, message):
    chosen = selection(candidate="apart")
    chosen = chosen.model_copy(update={"encoder": (use("deepctr_transformer", "encoder", **arguments),)})
    with pytest.raises(ComponentError, match=message):
        compose(chosen, features())
