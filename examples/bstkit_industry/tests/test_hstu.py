"""The HSTU encoder against the paper's formulas, by hand, and under masks and positions."""

import keras
import numpy as np
import pytest

from bstkit_industry.hstu import HstuEncoder
from bstkit_industry.hstu_block import HstuBlock
from bstkit_industry.relative_bias import NOT_SEEN, RelativeBias
from masks import EMPTY
from reference import hstu_unit, weights_of

FORMS = {
    "default": {},
    "both ways": {"causal": False},
    "mean": {"divisor": "steps"},
    "widths": {"num_blocks": 3, "num_heads": 3, "key_dim": 2, "value_dim": 5, "causal": False},
}


def encoded(layer, sequence, mask, step=None):
    given = {} if step is None else {"step": np.asarray(step, np.int32)}
    return np.asarray(layer(sequence, mask, **given))


def expected(layer, sequence, mask, step, max_steps):
    """The paper's formulas, row by row; the masked steps of the input are zeros."""
    dim = sequence.shape[-1]
    key_dim, value_dim = layer.key_dim or dim // layer.num_heads, layer.value_dim or dim // layer.num_heads
    rows = []
    for row, real in zip(np.where(mask[..., None], sequence, 0).astype(np.float64), mask, strict=True):
        divisor = max_steps if layer.divisor == "max_steps" else max(real.sum(), 1)
        for block in layer.blocks:
            weights = {path.partition("/")[2]: array for path, array in weights_of(block).items()}
            table = weights["relative_bias/table"]

            def bias_of(i, j, table=table):
                distance = step[i] - step[j]
                if layer.causal:
                    return table[distance] if distance >= 0 else None
                return table[distance + max_steps - 1]

            row = hstu_unit(row, real, weights, layer.num_heads, key_dim, value_dim, divisor, bias_of)
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("step", [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 9]], ids=["counted", "candidate behind padding"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_encoder_gives_the_numbers_of_the_paper(form, step, sequence, mask, randomised):
    layer = HstuEncoder(max_steps=10, **form)
    layer.build(sequence.shape)
    randomised(layer)
    result = encoded(layer, sequence, mask, step)
    np.testing.assert_allclose(result[mask], expected(layer, sequence, mask, step, 10)[mask], rtol=2e-4, atol=2e-5)


def test_unit_gives_numbers_worked_by_hand():
    """One step, one head: `A V` of two values is normalised to (1, -1), whatever `A` is, and gated by `silu(2)`."""
    block = HstuBlock(max_steps=1, num_heads=1, key_dim=1, value_dim=2)
    block.build((None, 1, 2))
    block.projection.bias.assign([2, 2, 1, -1, 1, 1])  # U, V, Q, K; its kernel counts nothing
    block.projection.kernel.assign(np.zeros((2, 6)))
    block.output_dense.kernel.assign(np.eye(2))
    result = block(np.array([[[3.0, 4.0]]], np.float32), np.ones((1, 1, 1), np.float32), np.array([0], np.int32))
    np.testing.assert_allclose(result, [[[3 + 1.761594, 4 - 1.761594]]], atol=1e-4)


def test_biases_by_hand():
    bias = RelativeBias(max_steps=3)
    bias.build((None,))
    bias.table.assign([0.1, 0.2, 0.3])
    np.testing.assert_allclose(
        bias(np.array([0, 1, 2], np.int32)),
        [[0.1, NOT_SEEN, NOT_SEEN], [0.2, 0.1, NOT_SEEN], [0.3, 0.2, 0.1]],
    )
    both = RelativeBias(max_steps=2, causal=False)
    both.build((None,))
    both.table.assign([-1, 0, 1])
    np.testing.assert_allclose(both(np.array([0, 1], np.int32)), [[0, -1], [1, 0]])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_later_steps_count_exactly_nothing(dtype, sequence, mask, randomised):
    layer = HstuEncoder(dtype=dtype)
    layer.build(sequence.shape)
    randomised(layer)
    other = sequence.copy()
    other[:, 3:] += 5
    before, after = (keras.ops.convert_to_numpy(layer(one.astype(dtype), mask))[:, :3] for one in (sequence, other))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_masked_steps_are_ignored(form, sequence, mask):
    layer = HstuEncoder(max_steps=9, **form)
    clean = encoded(layer, sequence, mask)
    dirty = encoded(layer, np.where(mask[..., None], sequence, np.float32(np.nan)), mask)
    np.testing.assert_array_equal(dirty[mask], clean[mask])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_more_padding_changes_nothing(form, sequence, mask):
    layer = HstuEncoder(max_steps=9, **form)
    short = encoded(layer, sequence, mask)
    long = encoded(layer, np.pad(sequence, ((0, 0), (0, 3), (0, 0))), np.pad(mask, ((0, 0), (0, 3))))
    np.testing.assert_allclose(long[:, :6][mask], short[mask], atol=1e-5)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_empty_history_is_finite_in_half_precision(form, sequence, mask):
    layer = HstuEncoder(dtype="float16", **form)
    assert np.isfinite(np.asarray(layer(sequence.astype("float16"), mask))[EMPTY]).all()


def test_divisor_keeps_the_amount_or_not(sequence, randomised):
    """The same step ten times: a mean cannot tell it from once, the paper's constant can."""
    once, ten = sequence[:1, :1], np.repeat(sequence[:1, :1], 10, 1)
    apart = {}
    for divisor in ("max_steps", "steps"):
        layer = HstuEncoder(num_blocks=1, causal=False, divisor=divisor, max_steps=10)
        layer.build((None, None, 8))
        randomised(layer)
        block = layer.blocks[0]
        block.relative_bias.table.assign(np.zeros(19))
        block.output_norm.epsilon = 1e-2  # an epsilon that counts: otherwise the norm hides the amount
        step = np.zeros(10, np.int32)
        results = [encoded(layer, one, np.ones(one.shape[:2], bool), step[: one.shape[1]]) for one in (once, ten)]
        apart[divisor] = np.abs(results[0][0, 0] - results[1][0, 0]).max()
    assert apart["steps"] < 1e-5
    assert apart["max_steps"] > 1e-2


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"num_blocks": 0}, "num_blocks"),
        ({"num_heads": 1.5}, "num_heads"),
        ({"key_dim": -1}, "key_dim"),
        ({"value_dim": "8"}, "value_dim"),
        ({"causal": 1}, "causal"),
        ({"divisor": "length"}, "divisor"),
        ({"dropout": 1.0}, "dropout"),
        ({"max_steps": 0}, "max_steps"),
        ({"no_such": 1}, "no_such"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_argument_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        HstuEncoder(**arguments)


def test_width_that_heads_cannot_share_is_an_error():
    with pytest.raises(ValueError, match=r"`num_heads` must divide the sequence's width, 8.*num_heads=3"):
        HstuEncoder(num_heads=3).build((None, 6, 8))


def test_free_length_needs_max_steps():
    with pytest.raises(ValueError, match="`max_steps` must be given"):
        HstuEncoder().build((None, None, 8))
