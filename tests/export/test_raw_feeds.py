"""The keys that ONNX Runtime is fed with stand for the ids that TensorFlow is fed with."""

import numpy as np
import pytest

from bstkit.export.id_keys import LOWEST_INT64, make_keys
from bstkit.export.raw_feeds import RawFeeds, unknown_keys
from bstkit.inputs import InputSpec

INPUTS = (
    InputSpec("item", "int32", ("batch", "item_len"), "history", "item", "item"),
    InputSpec("word", "int32", ("batch",), "context_id", "word", "word"),
    InputSpec("age", "int32", ("batch",), "age", "time"),
)
KEYS = {"item": make_keys(["10", "20", "30"]), "word": make_keys(["a", "b"])}
LIMITS = np.iinfo(np.int32)


def test_known_ids_and_padding_become_their_keys():
    feeds = {
        "item": np.array([[2, 3, 4, 0]], np.int32),
        "word": np.array([3, 0], np.int32),
        "age": np.array([5, 1], np.int32),
    }
    raw = RawFeeds(INPUTS, KEYS).convert(feeds)
    assert raw["item"].tolist() == [[10, 20, 30, LOWEST_INT64]]
    assert raw["item"].dtype == np.int64
    assert raw["word"].tolist() == ["b", ""]
    assert raw["age"] is feeds["age"]


def test_every_other_id_becomes_an_unknown_key_of_every_kind():
    ids = np.array([1, -1, 5, 100, LIMITS.min, LIMITS.max] * 4, np.int32)
    feeds = RawFeeds(INPUTS, KEYS)
    items, words = set(), set()
    for start in range(0, len(ids), 6):  # kinds go on where the last batch stopped
        raw = feeds.convert({"item": ids[None, start : start + 6], "word": ids[start : start + 6]})
        items |= set(raw["item"].ravel().tolist())
        words |= set(raw["word"].tolist())
    assert items == set(unknown_keys(KEYS["item"]))
    assert words == set(unknown_keys(KEYS["word"]))


def test_feeds_are_converted_once():
    feeds = {"word": np.array([1, 1], np.int32)}
    made = RawFeeds(INPUTS, KEYS)
    assert made.convert(feeds) is made.convert(feeds)


@pytest.mark.parametrize(
    "vocabulary",
    [["0", "1", "-1", "2"], [str(2**63 - 1)], [" ", "0", "1", "x" * 1000], ["a", "a "]],
    ids=["small_numbers", "highest", "strings", "trailing_blank"],
)
def test_unknown_keys_are_not_in_the_vocabulary(vocabulary):
    keys = make_keys(vocabulary)
    kinds = unknown_keys(keys)
    assert len(kinds) >= 3
    assert not set(kinds) & {*keys.values, keys.padding}
    assert all(-(2**63) < kind < 2**63 for kind in kinds if isinstance(kind, int))
