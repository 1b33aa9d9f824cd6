"""Vocabularies: cut, stable, taken over, extended, hashed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bstkit.config.features import Features, Space
from bstkit.data.hashing import hash_id
from bstkit.data.prepared.folder import open_dataset
from bstkit.data.prepared.job import prepare_dataset
from bstkit.data.prepared.vocabularies import rank
from bstkit.errors import DataError
from tests.data.logs import plain_features, write_plain

KEYS = ["c", "a", "b", "b", "a", "b", "x", "y"]
"""Of two users each; the last two events are validation and test."""


def log(path: Path, keys: list[str] = KEYS, users: str = "uv") -> Path:
    return write_plain(path, [(user, time, key, time % 2) for user in users for time, key in enumerate(keys)])


def space_features(**space: Any) -> Features:
    return plain_features().model_copy(update={"spaces": {"item": Space(dim=4, **space)}})


def vocabulary(folder: Path) -> list[str]:
    return (folder / "vocab" / "item.txt").read_text().splitlines()


@pytest.mark.parametrize(
    ("space", "keys"),
    [
        ({}, ["b", "a", "c"]),
        ({"min_count": 3}, ["b", "a"]),
        ({"max_size": 1}, ["b"]),
        ({"min_count": 3, "max_size": 5}, ["b", "a"]),
    ],
    ids=["all", "min_count", "max_size", "both"],
)
@pytest.mark.usefixtures("small_pieces")
def test_frequent_keys_come_first_and_rare_ones_are_cut(tmp_path: Path, space: dict[str, Any], keys: list[str]) -> None:
    dataset = prepare_dataset(log(tmp_path / "log.csv"), tmp_path / "set", space_features(**space))
    assert vocabulary(tmp_path / "set") == keys
    assert dataset.features.spaces["item"].rows == len(keys) + 2
    expected = [keys.index(key) + 2 if key in keys else 1 for key in KEYS]
    assert dataset.target["item"][: len(KEYS)].tolist() == expected


def test_min_count_that_nothing_reaches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no key of space 'item' occurs 9 times") as caught:
        prepare_dataset(log(tmp_path / "log.csv"), tmp_path / "set", space_features(min_count=9))
    assert "min_count" in caught.value.hint
    assert not (tmp_path / "set").exists()


def test_same_log_gives_the_same_files(tmp_path: Path) -> None:
    path = log(tmp_path / "log.csv")
    for name in ("one", "two"):
        prepare_dataset(path, tmp_path / name, plain_features(), threads=1 if name == "one" else 2)
    names = sorted(file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*") if file.is_file())
    assert any(name.suffix == ".npy" for name in names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    prepare_dataset(log(tmp_path / "log.csv"), tmp_path / "earlier", plain_features())
    return tmp_path / "earlier"


NEW = ["n", "n", "n", "c", "m", "b", "a", "a"]


def test_reused_ids_do_not_move_and_new_keys_are_unknown(earlier: Path, tmp_path: Path) -> None:
    dataset = prepare_dataset(log(tmp_path / "new.csv", NEW), tmp_path / "new", plain_features(), vocabularies=earlier)
    assert vocabulary(tmp_path / "new") == ["b", "a", "c"]
    assert dataset.target["item"][:8].tolist() == [1, 1, 1, 4, 1, 2, 3, 3]
    assert dataset.features.spaces["item"].rows == 5


def test_extended_ids_follow_behind_by_frequency(earlier: Path, tmp_path: Path) -> None:
    dataset = prepare_dataset(
        log(tmp_path / "new.csv", NEW), tmp_path / "new", plain_features(), vocabularies=earlier, extend=True
    )
    assert vocabulary(tmp_path / "new") == ["b", "a", "c", "n", "m"]
    assert dataset.target["item"][:8].tolist() == [5, 5, 5, 4, 6, 2, 3, 3]
    assert dataset.features.spaces["item"].rows == 7
    assert vocabulary(earlier) == ["b", "a", "c"]


def test_extension_obeys_the_largest_size(earlier: Path, tmp_path: Path) -> None:
    prepare_dataset(
        log(tmp_path / "new.csv", NEW), tmp_path / "new", space_features(max_size=4), vocabularies=earlier, extend=True
    )
    assert vocabulary(tmp_path / "new") == ["b", "a", "c", "n"]


def test_folder_without_vocabularies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no vocabularies") as caught:
        prepare_dataset(log(tmp_path / "log.csv"), tmp_path / "set", plain_features(), vocabularies=tmp_path)
    assert "a prepared dataset" in caught.value.hint


def test_hashed_space_has_no_file(tmp_path: Path) -> None:
    dataset = prepare_dataset(log(tmp_path / "log.csv"), tmp_path / "set", space_features(hash_buckets=50))
    assert list((tmp_path / "set" / "vocab").iterdir()) == []
    assert dataset.features.spaces["item"].rows == 52
    assert dataset.target["item"][:8].tolist() == [hash_id(key, 50) for key in KEYS]
    assert dict(open_dataset(tmp_path / "set", in_memory=True).vocabularies) == {}


@given(
    counts=st.lists(st.integers(0, 5), max_size=12),
    known=st.integers(0, 4),
    min_count=st.integers(1, 4),
    max_size=st.none() | st.integers(1, 10),
)
def test_ranks_equal_the_definition(counts: list[int], known: int, min_count: int, max_size: int | None) -> None:
    given_ids = np.full(len(counts), 1, np.int32)
    given_ids[:known] = 2 + np.arange(min(known, len(counts)))
    space = Space(dim=1, min_count=min_count, max_size=max_size)
    ids = rank(np.array(counts, np.int64), space, given_ids, known)
    new = sorted((-count, code) for code, count in enumerate(counts) if count >= min_count and code >= known)
    room = len(new) if max_size is None else max(0, max_size - known)
    expected = given_ids.tolist()
    for place, (_, code) in enumerate(new[:room]):
        expected[code] = 2 + known + place
    assert ids.tolist() == expected
