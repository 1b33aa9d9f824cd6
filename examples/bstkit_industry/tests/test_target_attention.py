"""Target attention against its formula with keys and values, by hand, and under masks."""

import numpy as np
import pytest

from bstkit_industry.target_attention import TargetAttentionPooling
from masks import EMPTY
from reference import target_attention

FORMS = {
    "default": {},
    "one head": {"num_heads": 1, "key_dim": 3},
    "narrow": {"num_heads": 2, "key_dim": 4, "value_dim": 3, "units": 7},
    "best two": {"top_k": 2},
    "best of many": {"num_heads": 3, "top_k": 99},
}


def made(form, sequence, target, randomised):
    layer = TargetAttentionPooling(**form)
    layer.build(sequence.shape, target.shape)
    return randomised(layer)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_pooling_gives_the_numbers_of_the_formula(form, sequence, mask, target, randomised):
    layer = made(form, sequence, target, randomised)
    kernels = [
        np.asarray(weight, np.float64)
        for weight in (layer.query_kernel, layer.key_kernel, layer.value_kernel, layer.output_kernel)
    ]
    expected = [target_attention(*row, *kernels, top_k=layer.top_k) for row in zip(sequence, mask, target, strict=True)]
    np.testing.assert_allclose(layer(sequence, mask, target), expected, rtol=1e-4, atol=1e-5)


def one_head(top_k):
    """Scores are a step's first number, values are its second one."""
    layer = TargetAttentionPooling(num_heads=1, key_dim=1, value_dim=1, units=1, top_k=top_k)
    layer.build((None, None, 2), (None, 1))
    layer.query_kernel.assign([[[1.0]]])
    layer.key_kernel.assign([[[1.0, 0.0]]])
    layer.value_kernel.assign([[[0.0], [1.0]]])
    layer.output_kernel.assign([[[1.0]]])

    def pooled(*steps):
        return float(np.asarray(layer(np.float32([steps]), np.ones((1, len(steps)), bool), np.float32([[1]])))[0, 0])

    return pooled


@pytest.mark.parametrize(("top_k", "expected"), [(0, 3 * np.e / (1 + np.e)), (1, 3.0)], ids=["all", "best"])
def test_numbers_by_hand(top_k, expected):
    assert one_head(top_k)((0, 0), (1, 3)) == pytest.approx(expected, rel=1e-6)


def test_steps_that_tie_with_the_last_of_the_best_are_all_seen():
    assert one_head(1)((1, 3), (0, 9), (1.00001, 5)) == pytest.approx(4, rel=1e-4)
    assert one_head(1)((1, 3), (0, 9), (1.01, 5)) == pytest.approx(5, rel=1e-4)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_empty_history_gives_zeros_in_half_precision(form, sequence, mask, target):
    layer = TargetAttentionPooling(dtype="float16", **form)
    result = np.asarray(layer(sequence.astype("float16"), mask, target.astype("float16")))
    assert np.isfinite(result).all()
    np.testing.assert_array_equal(result[EMPTY], np.zeros_like(result[EMPTY]))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_masked_steps_are_ignored(form, sequence, mask, target, randomised):
    layer = made(form, sequence, target, randomised)
    dirty = np.where(mask[..., None], sequence, np.float32(np.nan))
    np.testing.assert_array_equal(layer(dirty, mask, target), layer(sequence, mask, target))
    longer = np.pad(sequence, ((0, 0), (0, 3), (0, 0))), np.pad(mask, ((0, 0), (0, 3)))
    np.testing.assert_allclose(layer(*longer, target), layer(sequence, mask, target), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"num_heads": 0}, "num_heads"),
        ({"key_dim": -1}, "key_dim"),
        ({"value_dim": True}, "value_dim"),
        ({"units": 0}, "units"),
        ({"top_k": -1}, "top_k"),
        ({"no_such": 1}, "no_such"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_argument_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        TargetAttentionPooling(**arguments)
