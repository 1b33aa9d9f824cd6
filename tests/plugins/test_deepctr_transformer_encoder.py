"""DeepCTR's transformer as an encoder: the layer's steps, block after block; what leaves the contract is refused."""

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.errors import ComponentError
from bstkit.plugins.deepctr_transformer import DeepctrTransformerEncoder
from tests.models import features, selection, use


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output_type": "mean"}, r"`output_type` must be None in an encoder.*pooling.*Received: output_type='mean'"),
        ({"output_type": "sum"}, "Received: output_type='sum'"),
        ({"use_positional_encoding": True}, "`use_positional_encoding` must be False in an encoder"),
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
