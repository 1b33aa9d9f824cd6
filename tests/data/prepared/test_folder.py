"""The dataset folder: opened as it was prepared, refused when it is not whole."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bstkit.config.features import History, Space
from bstkit.config.features_file import load_features
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.prepared.folder import open_dataset
from bstkit.data.prepared.job import prepare_dataset
from bstkit.errors import DataError, RunError
from tests.data.logs import features, plain_features, write_recbole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare_dataset(write_recbole(tmp_path / "small"), tmp_path / "set", features())
    return tmp_path / "set"


def test_dataset_on_disk_equals_the_one_in_memory(folder: Path, tmp_path: Path) -> None:
    mapped, loaded = open_dataset(folder), load_dataset(tmp_path / "small", features())
    assert mapped.features == loaded.features
    assert dict(mapped.vocabularies) == dict(loaded.vocabularies)
    theirs = dict(loaded.arrays())
    assert {name for name, _ in mapped.arrays()} == theirs.keys()
    for name, array in mapped.arrays():
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
        assert np.array_equal(array, theirs[name], equal_nan=array.dtype.kind == "f"), name


def test_many_pieces_equal_one(folder: Path, tmp_path: Path, small_pieces: None) -> None:
    again = prepare_dataset(tmp_path / "small", tmp_path / "again", features())
    for (name, array), (_, other) in zip(open_dataset(folder).arrays(), again.arrays(), strict=True):
        assert np.array_equal(array, other, equal_nan=array.dtype.kind == "f"), name


def test_events_that_are_all_kept_are_stored_once(tmp_path: Path) -> None:
    history = {"hist": History(fields={"item_id": "item"}, max_length=3)}
    prepare_dataset(write_recbole(tmp_path / "small"), tmp_path / "set", features(history=history))
    arrays = json.loads((tmp_path / "set" / "dataset.json").read_text())["arrays"]
    assert arrays["history.hist.item_id"]["file"] == arrays["target.item_id"]["file"]
    used = {stored["file"] for stored in arrays.values()}
    assert used == {file.name for file in (tmp_path / "set" / "arrays").iterdir()}


def test_nothing_else_is_left_in_the_folder(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == ["arrays", "dataset.json", "features.toml", "vocab"]
    assert [file.name for file in folder.parent.iterdir() if file.name.startswith(".")] == []


def test_loading_a_dataset_takes_its_features(folder: Path) -> None:
    given = features_for(folder)
    assert given.spaces["item"].rows
    assert load_dataset(folder, given).features == given


def test_sizes_may_change_without_preparing_again(folder: Path) -> None:
    plain = features()
    changed = plain.model_copy(
        update={
            "spaces": plain.spaces | {"item": Space(dim=32)},
            "history": {"hist": plain.history["hist"].model_copy(update={"max_length": 2, "max_age_s": 9.0})},
        }
    )
    dataset = load_dataset(folder, changed)
    assert dataset.features.spaces["item"].dim == 32
    assert dataset.features.spaces["item"].rows == 6
    assert dataset.features.history["hist"].max_length == 2
    assert dataset.features.context["age"] == open_dataset(folder).features.context["age"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"leave_last": 1}, "split.leave_last"),
        ({"target": {"item_id": "item"}}, "target.cate_id"),
        ({"columns": {}}, "columns.cate_id"),
    ],
)
def test_other_features_than_it_was_prepared_with_are_refused(folder: Path, changes: dict[str, Any], path: str) -> None:
    with pytest.raises(DataError, match=path) as caught:
        load_dataset(folder, features(**changes))
    assert "prepare the log again" in caught.value.hint


def damage(folder: Path, kind: str) -> None:
    facts = folder / "dataset.json"
    if kind == "cut":
        path = folder / "arrays" / "time.npy"
        path.write_bytes(path.read_bytes()[:-8])
    elif kind == "gone":
        (folder / "arrays" / "time.npy").unlink()
    elif kind == "other":
        np.save(folder / "arrays" / "time.npy", np.zeros(3))
    elif kind == "newer":
        facts.write_text(facts.read_text().replace('"format": 1', '"format": 2'))
    elif kind == "key":
        facts.write_text(facts.read_text().replace('"users"', '"usres"'))
    elif kind == "json":
        facts.write_text(facts.read_text()[:50])
    elif kind == "no dataset":
        facts.unlink()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("cut", "cannot read .*time.npy"),
        ("gone", "cannot read .*time.npy"),
        ("other", r"holds float64 \(3,\)"),
        ("newer", "of format 2"),
        ("key", "damaged: (users|usres)"),
        ("json", "cannot read .*dataset.json"),
        ("no dataset", "is no prepared dataset"),
    ],
)
def test_damaged_dataset_is_refused(folder: Path, kind: str, says: str) -> None:
    damage(folder, kind)
    with pytest.raises(DataError, match=says):
        open_dataset(folder)


def test_taken_folder_is_refused_before_any_work(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="already exists"):
        prepare_dataset(tmp_path / "nothing", folder, features())


@pytest.mark.parametrize("limit", ["much", "1", "-1GB", "1GB'; DROP TABLE log"])
def test_memory_limit_must_be_a_size(tmp_path: Path, limit: str) -> None:
    with pytest.raises(DataError, match="no amount of memory"):
        prepare_dataset(None, tmp_path / "set", memory_limit=limit)
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not fit into the memory limit") as caught:
        prepare_dataset(None, tmp_path / "set", memory_limit="1KB")
    assert "--memory-limit" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_killed_preparation_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    program = (
        "import time, bstkit.data.prepared.job as job\n"
        "job.write_histories = lambda *_: time.sleep(60)\n"
        f"job.prepare_dataset(None, {str(tmp_path / 'set')!r})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".set.*.partial/arrays/split.npy")):
            assert process.poll() is None, "the preparation ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "set").exists()
    assert list(tmp_path.glob(".set.*.partial"))
    dataset = prepare_dataset(None, tmp_path / "set")
    assert isinstance(dataset, Dataset)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_features_of_the_folder_can_be_read_back(folder: Path) -> None:
    assert load_features(folder / "features.toml") == open_dataset(folder).features


def test_dataset_of_a_log_that_cannot_be_used_does_not_appear(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,time,item,click\nu,soon,a,1\n")
    with pytest.raises(DataError, match="'soon'"):
        prepare_dataset(tmp_path / "log.csv", tmp_path / "set", plain_features())
    assert not (tmp_path / "set").exists()


def test_dataset_is_no_log(folder: Path) -> None:
    with pytest.raises(DataError, match="was prepared from a log, not a log") as caught:
        prepare_dataset(folder, folder.with_name("again"))
    assert "bstkit train --data" in caught.value.hint
