"""Settings in words."""

import pytest

from bstkit.config.setting_words import setting_words

VALUES = {
    "choice": ({"use": "cosine", "warmup_steps": None, "floor": 0.1}, "cosine (floor=0.1)"),
    "choice alone": ({"use": "constant", "warmup_steps": None}, "constant"),
    "by task": ({"ctr": 2.0, "cvr": 0.5}, "ctr=2.0, cvr=0.5"),
    "empty": ({}, "-"),
    "none": (None, "-"),
    "number": (0.0, "0.0"),
    "false": (False, "False"),
}


@pytest.mark.parametrize(("value", "words"), VALUES.values(), ids=VALUES)
def test_words(value, words):
    assert setting_words(value) == words
