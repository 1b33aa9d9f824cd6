"""Id spaces with `hash_buckets`: no vocabulary, ids by the stated hash, the same for every log."""

from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import Features, History, Space
from bstkit.data.dataset import load_dataset
from bstkit.data.hashing import hash_id
from bstkit.data.leaks import check_leaks
from bstkit.data.scoring import load_for_scoring
from tests.data.logs import plain_features, table

BUCKETS = 50
TAGS = ["red blue", "", "red", "blue red grün", "grey", "red"]
ITEMS = ["a", "b", "", "Zürich", "a", "new"]
"""One user's; the last is the test row, the one before it validation."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    cells = zip(ITEMS, TAGS, strict=True)
    rows = [["u", str(time), item, str(time % 2), tags] for time, (item, tags) in enumerate(cells)]
    path = tmp_path / "log.csv"
    path.write_text(table(["user", "time", "item", "click", "tags"], rows, ","), encoding="utf-8")
    return path


@pytest.fixture
def hashed() -> Features:
    """Hashed items and tags; the tags stand in the row."""
    plain = plain_features()
    spaces = {name: Space(dim=4, hash_buckets=BUCKETS) for name in ("item", "tag")}
    history = {**plain.history, "tags": History(source="row", fields={"tags": "tag"}, max_length=2)}
    return plain.model_copy(update={"spaces": spaces, "history": history})


def expected(keys: list[str]) -> list[int]:
    return [hash_id(key, BUCKETS) for key in keys]


def test_ids_follow_from_the_keys(log: Path, hashed: Features) -> None:
    dataset = load_dataset(log, hashed)
    assert dict(dataset.vocabularies) == {}
    assert dataset.features.spaces["item"].rows == BUCKETS + 2
    assert dataset.target["item"].tolist() == expected(ITEMS)
    assert dataset.target["item"].tolist()[2] == 1
    assert dataset.target["item"].dtype == np.int32
    assert dataset.history["hist"].ids["item"].tolist() == expected(ITEMS)
    assert dataset.history["tags"].ids["tags"].tolist() == expected(" ".join(TAGS).split())
    check_leaks(dataset)


def test_a_hashed_space_stands_beside_vocabularies(log: Path, hashed: Features) -> None:
    mixed = hashed.model_copy(update={"spaces": {**hashed.spaces, "item": Space(dim=4)}})
    dataset = load_dataset(log, mixed)
    assert dict(dataset.vocabularies) == {"item": ("Zürich", "a", "b")}
    assert dataset.target["item"].tolist() == [3, 4, 1, 2, 3, 1]
    assert dataset.history["tags"].ids["tags"].tolist() == expected(" ".join(TAGS).split())


def test_scoring_needs_no_vocabulary(log: Path, hashed: Features) -> None:
    learned = load_dataset(log, hashed)
    scored, _ = load_for_scoring(log, hashed, {}, lambda done, note: None)
    arrays = dict(learned.arrays())
    assert all(np.array_equal(values, arrays[name]) for name, values in scored.arrays() if name != "split")
