"""Raw events become inputs by the rules that the C++ client shares."""

import gzip
import json

import numpy as np
import pytest

from bstkit.bundle.contract import Input
from bstkit.bundle.event_lines import Event, EventFile
from bstkit.bundle.key_encoding import EncodedKeys, RawKeys
from bstkit.bundle.raw_events import RawEvents
from bstkit.errors import DataError

LOWEST = -(2**63)
ITEMS = ("10", "11", "0", "1")
TAGS = ("red", "?", "7")
ENCODED = {"item": EncodedKeys(ITEMS), "tag": EncodedKeys(TAGS)}
RAW = {"item": RawKeys(ITEMS, "int64", LOWEST), "tag": RawKeys(TAGS, "string", "")}
IDS = {"item": ("int32", 0), "tag": ("int32", 0)}
RAW_IDS = {"item": ("int64", LOWEST), "tag": ("string", "")}


def one(name, role, space=None, history=None, dims=("batch",), ids=IDS, dtype=None, padding=None):
    if space is not None:
        dtype, padding = ids[space][0], ids[space][1] if history else None
    return Input(
        name=name, dtype=dtype, dims=dims, role=role, column=name, space=space, history=history, padding=padding
    )


def inputs(ids=IDS, steps=("hist_len",), batch="batch"):
    dims = (batch, *steps)
    return (
        one("hist_item", "history", "item", "hist", dims, ids),
        one("hist_tag", "history", "tag", "hist", dims, ids),
        one("hist_age_seconds", "age", history="hist", dims=dims, dtype="int32", padding=0),
        one("hist_weight", "weight", history="hist", dims=dims, dtype="float32", padding=0),
        one("item", "target", "item", dims=(batch,), ids=ids),
        one("tag", "context_id", "tag", dims=(batch,), ids=ids),
        one("price", "context_numeric", dims=(batch,), dtype="float32"),
    )


def made(*events, ids=IDS, steps=("hist_len",), tables=None, specs=None):
    maker = RawEvents(specs or inputs(ids, steps), tables or (ENCODED if ids is IDS else RAW))
    return maker.feeds([Event(f"e.jsonl, line {number}", values) for number, values in enumerate(events, 1)])


HISTORY = {
    "hist_item": ["10", None, 11],
    "hist_tag": ["red", "blue", None],
    "hist_age_seconds": [9, None, -2.5],
    "hist_weight": [0.5, None, 2],
}


def test_encoded_ids_go_through_the_vocabulary():
    feeds = made({**HISTORY, "item": 11, "tag": "red", "price": 2, "other": {}}, {"item": "x", "tag": None})
    assert feeds["hist_item"].tolist() == [[2, 1, 3], [0, 0, 0]]
    assert feeds["hist_tag"].tolist() == [[2, 1, 1], [0, 0, 0]]
    assert feeds["hist_age_seconds"].tolist() == [[9, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(feeds["hist_weight"], np.float32([[0.5, np.nan, 2], [0, 0, 0]]))
    assert feeds["item"].tolist() == [3, 1]
    assert feeds["tag"].tolist() == [2, 1]
    np.testing.assert_array_equal(feeds["price"], np.float32([2, np.nan]))
    assert {name: array.dtype.name for name, array in feeds.items()} == {value.name: value.dtype for value in inputs()}


def test_raw_ids_go_straight_in():
    tags = {"hist_tag": ["", "red", "a\0b"], "tag": ""}
    feeds = made({**HISTORY, **tags, "hist_item": [10, None, "12"], "item": "13"}, {"item": None}, ids=RAW_IDS)
    assert feeds["hist_item"].tolist() == [[10, 2, 12], [LOWEST] * 3]  # 0 and 1 are keys
    assert feeds["hist_tag"].tolist() == [["??", "red", "??"], [""] * 3]
    assert feeds["item"].tolist() == [13, LOWEST]
    assert feeds["tag"].tolist() == ["", ""]
    assert feeds["item"].dtype == np.int64
    assert feeds["tag"].dtype == object


@pytest.mark.parametrize("key", ["007", "+7", "7.0", " 7", "", "x", str(LOWEST), 2**63, "\ud800"])
def test_text_that_is_no_canonical_int64_is_unknown(key):
    feeds = made({**HISTORY, "hist_item": [key] * 3, "item": key}, ids=RAW_IDS)
    assert feeds["hist_item"].tolist() == [[2, 2, 2]]
    assert feeds["item"].tolist() == [LOWEST]


def test_half_a_surrogate_pair_is_unknown():
    feeds = made({**HISTORY, "hist_tag": ["\ud800", "é", "🔑"], "tag": "\udfff"}, ids=RAW_IDS)
    assert feeds["hist_tag"].tolist() == [["??", "é", "🔑"]]
    assert feeds["tag"].tolist() == [""]


@pytest.mark.parametrize("event", [{}, {"hist_item": None}, {"hist_item": [], "hist_tag": []}], ids=str)
def test_empty_history_is_one_step_of_padding(event):
    feeds = made(event)
    assert feeds["hist_item"].tolist() == [[0]]
    assert feeds["hist_weight"].tolist() == [[0.0]]


def test_sessions_are_arrays_of_arrays():
    steps = {"hist_item": [["10"], [], [None, 11]], "hist_tag": [["red"], [], ["red", "red"]]}
    numbers = {"hist_age_seconds": [[3], [], [2, 1]], "hist_weight": [[1], [], [1, None]]}
    feeds = made({**steps, **numbers}, {}, steps=("hist_sessions", "hist_len"))
    assert feeds["hist_item"].tolist() == [[[2, 0], [0, 0], [1, 3]], [[0, 0]] * 3]
    assert feeds["hist_age_seconds"].tolist() == [[[3, 0], [0, 0], [2, 1]], [[0, 0]] * 3]


def test_fixed_steps_keep_the_most_recent():
    ages = list(range(5, 0, -1))
    event = {"hist_item": [10] * 4 + [11], "hist_tag": ["red"] * 5, "hist_age_seconds": ages, "hist_weight": ages}
    assert made(event, steps=(3,))["hist_age_seconds"].tolist() == [[3, 2, 1]]
    assert made(event, steps=("hist_len",))["hist_age_seconds"].tolist() == [ages]


def test_fixed_sessions_keep_the_most_recent_of_both():
    spec = (one("hist_item", "history", "item", "hist", ("batch", 2, 2)),)
    feeds = made({"hist_item": [["10"], ["10", "11", "0"], ["1"], []]}, specs=spec)
    assert feeds["hist_item"].tolist() == [[[3, 4], [5, 0]]]


LENGTH = (
    one("hist_item", "history", "item", "hist", ("batch", "hist_len")),
    one("hist_length", "length", history="hist", dtype="int32"),
)


def test_length_is_derived_or_given():
    feeds = made({"hist_item": [10, 11]}, {"hist_item": [10, 11], "hist_length": 1}, {}, specs=LENGTH)
    assert feeds["hist_length"].tolist() == [2, 1, 0]
    assert feeds["hist_item"].tolist() == [[2, 3], [2, 0], [0, 0]]


def test_length_follows_what_fixed_steps_keep():
    fixed = (LENGTH[0].model_copy(update={"dims": ("batch", 2)}), LENGTH[1])
    feeds = made({"hist_item": [10, 11, 0, 1]}, {"hist_item": [10, 11, 0], "hist_length": 1}, specs=fixed)
    assert feeds["hist_length"].tolist() == [2, 1]
    assert feeds["hist_item"].tolist() == [[4, 5], [2, 0]]


def test_numbers_and_arrays_of_numpy_count_as_such():
    event = {"item": np.int64(11), "price": np.float32(3), "hist_item": np.array([10])}
    feeds = made(event, specs=tuple(value for value in inputs() if value.name in event))
    assert (feeds["item"].tolist(), feeds["hist_item"].tolist(), feeds["price"].tolist()) == ([3], [[2]], [3.0])


WRONG = {
    "fraction": ({"item": 1.5}, "'item' holds a number with a fraction, not a key"),
    "whole fraction": ({"item": 1.0}, "'item' holds a number with a fraction, not a key"),
    "truth": ({"tag": True}, "'tag' holds true, not a key"),
    "array as key": ({"item": [1]}, "'item' holds an array, not a key"),
    "text as number": ({"price": "2"}, "'price' holds a string, not a number"),
    "truth as number": ({"price": False}, "'price' holds false, not a number"),
    "huge number": ({"price": 1e300}, "'price' holds a number that float32 cannot hold"),
    "huge whole number": ({"price": 10**400}, "'price' holds a number that float32 cannot hold"),
    "huge weight": ({**HISTORY, "hist_weight": [1, 2, 1e39]}, "'hist_weight' holds a number that float32 cannot hold"),
    "text as history": ({"hist_item": "10"}, "'hist_item' holds a string, not an array"),
    "object as step": ({"hist_item": [{}]}, "'hist_item' holds an object, not a key"),
    "text as age": ({**HISTORY, "hist_age_seconds": ["1", 2, 3]}, "'hist_age_seconds' holds a string, not a number"),
    "flat is not cut": ({"hist_item": [["10"]]}, "'hist_item' holds an array, not a key"),
    "unequal": (
        {**HISTORY, "hist_tag": ["red"]},
        "the inputs of history 'hist' have unequal steps: 3 in 'hist_item', 1 in 'hist_tag', 3 in 'hist_age_seconds', "
        "3 in 'hist_weight'",
    ),
    "missing beside others": ({**HISTORY, "hist_weight": None}, "0 in 'hist_weight'"),
}


@pytest.mark.parametrize(("event", "message"), WRONG.values(), ids=WRONG)
def test_wrong_value_is_named_with_its_line(event, message):
    with pytest.raises(DataError) as caught:
        made({}, event, {})
    assert caught.value.message.startswith("e.jsonl, line 2: ")
    assert message in caught.value.message
    assert caught.value.hint


def test_steps_of_sessions_must_be_equal_too():
    with pytest.raises(DataError, match=r"unequal steps: \[1, 2\] in 'hist_item', \[2, 1\] in 'hist_tag'"):
        made({"hist_item": [[1], [1, 2]], "hist_tag": [[1, 2], [1]]}, steps=("hist_sessions", "hist_len"))


def test_session_that_is_no_array_says_what_is_asked():
    with pytest.raises(DataError, match="'hist_item' holds a number, not an array") as caught:
        made({"hist_item": [1, 2]}, steps=("hist_sessions", "hist_len"))
    assert "an array of sessions" in caught.value.hint


@pytest.mark.parametrize("length", [3, -1, 1.0, True, "2"])
def test_wrong_length_is_named(length):
    with pytest.raises(DataError, match=r"'hist_length' is .*, and history 'hist' has 2 steps"):
        made({"hist_item": [10, 11], "hist_length": length}, specs=LENGTH)


@pytest.mark.parametrize("name", ["e.jsonl", "E.JSONL.GZ"])
def test_file_is_read_line_by_line(tmp_path, name):
    text = '{"item": 1}\n{"item": "é"}\r\n{}'.encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("GZ") else text)
    file = EventFile(tmp_path / name)
    events = list(file)
    assert [event.values for event in events] == [{"item": 1}, {"item": "é"}, {}]
    assert events[1].where == f"{tmp_path / name}, line 2"
    assert file.done == 1.0


LINES = {
    "cut short": (b'{}\n{"item": ', "line 2 is no JSON"),
    "empty line": (b"{}\n\n{}\n", "line 2 is no JSON"),
    "NaN": (b'{"price": NaN}', "line 1 is no JSON: NaN is no JSON value"),
    "array": (b"[1]", "line 1 holds list, not an object"),
    "not UTF-8": (b'{}\n{"tag": "\xff"}', "line 2 is not UTF-8"),
    "too many digits": (b'{"item": ' + b"1" * 5000 + b"}", "line 1 is no JSON"),
    "too deep": (b"[" * 100_000, "line 1 is no JSON"),
    "nothing": (b"", "is empty"),
}


@pytest.mark.parametrize(("content", "message"), LINES.values(), ids=LINES)
def test_wrong_line_is_named_with_its_file(tmp_path, content, message):
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(EventFile(path))
    assert str(path) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("keep", [10, 40])
def test_damaged_gzip_is_an_error(tmp_path, keep):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({"item": list(range(99))}).encode())[:keep])
    with pytest.raises(DataError, match="cannot be read"):
        list(EventFile(path))


def test_plain_text_named_gz_is_an_error(tmp_path):
    path = tmp_path / "events.jsonl.gz"
    path.write_text("{}\n")
    with pytest.raises(DataError, match="cannot be read"):
        list(EventFile(path))


def test_encoded_ids_of_a_log_become_keys():
    ids = np.array([[2, 0], [1, 99]], np.int32)
    assert ENCODED["item"].of_ids(ids) is ids
    assert RAW["item"].of_ids(ids).tolist() == [[10, LOWEST], [2, 2]]
    assert RAW["tag"].of_ids(ids).tolist() == [["red", ""], ["??", "??"]]
