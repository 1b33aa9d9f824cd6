"""Hashed ids: the stated vectors, and the same ids from Python and from SQL."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.data.hashing import hash_id, hash_sql

MILLION = 1_000_000

# `printf %s KEY | sha256sum | cut -c1-16`, and the rest by hand.
VECTORS = [
    ("42", 0x73475CB40A568E8D),
    ("Zürich", 0x4251685E06CAB635),
    ("7c9e6679-7425-40de-944b-e07fc1f90ae7", 0x6316E01C9E1D33DE),
]

# DuckDB's text has no lone surrogates; everything else that Python's has, NUL included.
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
buckets = st.integers(1, 2**31 - 3)


def ids_by_sql(keys: list[str | None], count: int) -> list[int | None]:
    with duckdb.connect() as connection:
        query = f"SELECT {hash_sql('key', count)} FROM (SELECT unnest($keys::VARCHAR[]) AS key)"
        return [row[0] for row in connection.execute(query, {"keys": keys}).fetchall()]


@pytest.mark.parametrize(("key", "number"), VECTORS, ids=[key for key, _ in VECTORS])
def test_id_is_that_of_the_stated_vectors(key: str, number: int) -> None:
    assert hash_id(key, MILLION) == 2 + number % MILLION
    assert hash_id(key, 7) == 2 + number % 7
    assert hash_id(key, 1) == 2


def test_ids_of_the_docstring() -> None:
    found = [hash_id(key, MILLION) for key, _ in VECTORS]
    assert found == [482_639, 969_655, 920_160]
    assert ids_by_sql([key for key, _ in VECTORS], MILLION) == found


@settings(deadline=None)
@given(st.lists(keys, max_size=20), buckets)
def test_sql_gives_the_same_ids(keys: list[str], count: int) -> None:
    expected = [hash_id(key, count) for key in keys]
    assert ids_by_sql(list(keys), count) == expected
    assert all(2 <= one < count + 2 if key else one == 1 for key, one in zip(keys, expected, strict=True))


def test_an_empty_key_is_out_of_vocabulary_and_a_missing_one_stays_missing() -> None:
    assert hash_id("", 10) == 1
    assert ids_by_sql(["", None, "a"], 10) == [1, None, hash_id("a", 10)]


def test_a_lone_surrogate_is_out_of_vocabulary() -> None:
    assert hash_id("a\ud800", 10) == 1


@pytest.mark.parametrize("other", ["Ab", " ab", "ab ", "ab\n", "ab\0"], ids=ascii)
def test_nothing_is_done_to_a_key(other: str) -> None:
    assert hash_id(other, MILLION) != hash_id("ab", MILLION)


def test_sql_gives_32_bits() -> None:
    with duckdb.connect() as connection:
        query = f"SELECT typeof({hash_sql('key', 2**31 - 3)}) FROM (SELECT 'a' AS key)"
        assert connection.execute(query).fetchone() == ("INTEGER",)
