"""Which vocabularies become int64, and which are refused."""

import pytest

from bstkit.config.features import Space
from bstkit.errors import ExportError
from bstkit.export.id_keys import HIGHEST_INT64, LOWEST_INT64, check_no_hash, keys_of, make_keys
from tests.export.test_raw_ids import VOCABULARIES


@pytest.mark.parametrize(
    "keys",
    [["0"], ["7", "-7"], [str(HIGHEST_INT64), str(LOWEST_INT64 + 1)]],
    ids=["zero", "signs", "ends"],
)
def test_canonical_decimal_keys_are_int64(keys):
    found = make_keys(keys)
    assert (found.dtype, found.values, found.padding) == ("int64", tuple(map(int, keys)), LOWEST_INT64)


@pytest.mark.parametrize(
    "key",
    [
        "007",
        "+7",
        "-0",
        "7.0",
        " 7",
        "7 ",
        "1_000",
        "\N{ARABIC-INDIC DIGIT SEVEN}",
        "0x7",
        "",
        str(HIGHEST_INT64 + 1),
        str(LOWEST_INT64),
        "7\n",
    ],
)
def test_one_other_key_makes_all_of_them_strings(key):
    found = make_keys(["1", key])
    assert (found.dtype, found.values, found.padding) == ("string", ("1", key), "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"age": ["1"]}, "has 1 keys, which makes 3 rows, and its table has 11"),
        ({"age": ["1"] * 9}, "a key stands twice"),
        ({"age": ["", *"12345678"]}, "the key '' of id space 'age' cannot be a raw id"),
        ({"age": ["a\0b", *"12345678"]}, "cannot be a raw id"),
    ],
    ids=["short", "twice", "empty", "nul"],
)
def test_vocabulary_that_a_graph_cannot_hold_is_refused(tiny_small, change, says):
    with pytest.raises(ExportError, match=says):
        keys_of(tiny_small, VOCABULARIES | change)


def test_hashed_space_is_refused_and_others_are_not(tiny_small):
    check_no_hash(tiny_small.features)
    unused = {**tiny_small.features.spaces, "spare": Space(dim=4, hash_buckets=9)}
    check_no_hash(tiny_small.features.model_copy(update={"spaces": unused}))
    hashed = {**unused, "item": Space(dim=4, hash_buckets=9), "user": Space(dim=4, hash_buckets=9)}
    with pytest.raises(ExportError, match="cannot take raw ids of 'item', 'user': hash_buckets") as caught:
        check_no_hash(tiny_small.features.model_copy(update={"spaces": hashed}))
    assert "--ids encoded" in caught.value.hint
