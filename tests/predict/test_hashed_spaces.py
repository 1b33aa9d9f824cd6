"""A model with hashed items, from the log to scores: run, bundle, log and raw events agree."""

import csv
import json
import shutil

import duckdb
import numpy as np
import pytest

import bstkit
from bstkit.artefact import load_run
from bstkit.build import build, export_run, verify_run
from bstkit.bundle.manifest import read_manifest
from bstkit.config.features import Space
from bstkit.config.features_file import features_from_toml, features_to_toml
from bstkit.data.hashing import hash_id
from bstkit.errors import ConfigError, ExportError
from tests.small_log import small_features

BUCKETS = 60


@pytest.fixture(scope="module")
def features():
    """The small log's features with hashed items; categories and the rest keep vocabularies."""
    table = small_features()
    return table.model_copy(update={"spaces": {**table.spaces, "item": Space(dim=8, hash_buckets=BUCKETS)}})


@pytest.fixture(scope="module")
def hashed(small_log, small_selection, features, tmp_path_factory):
    """Trained, exported and verified."""
    folder = tmp_path_factory.mktemp("hashed") / "run"
    settings = small_selection.train.model_copy(update={"epochs": 1})
    return build(small_selection.model_copy(update={"train": settings}), folder, data=small_log, features=features)


def table(path):
    """Column -> values."""
    return duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()


def test_run_holds_no_vocabulary_of_a_hashed_space(hashed):
    run = load_run(hashed.run.folder)
    assert {path.stem for path in (run.folder / "vocab").iterdir()} == {"cate", "user", "gender", "age"}
    assert (run.features.spaces["item"].hash_buckets, run.features.spaces["item"].rows) == (BUCKETS, BUCKETS + 2)
    kept = run.heldout["item_id"]
    assert len(np.unique(kept)) > 20
    assert ((kept >= 2) & (kept < BUCKETS + 2)).all()


def test_bundle_states_the_hash_and_is_verified(hashed):
    manifest = read_manifest(hashed.run.bundle)
    assert manifest.contract.spaces["item"].hash == "sha256-64"
    assert manifest.vocabularies["item"].file is None
    assert {name.split("/")[1] for name in manifest.files if name.startswith("vocab/")} == {
        *("cate.txt", "user.txt", "gender.txt", "age.txt")
    }
    assert verify_run(load_run(hashed.run.folder)).ids == "encoded"


def test_log_and_raw_events_score_alike_in_run_and_bundle(hashed, features, small_log, tmp_path):
    with small_log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    events, clicks = {}, {}
    for number in sorted(range(len(rows)), key=lambda number: (float(rows[number]["timestamp"]), number)):
        earlier = clicks.setdefault(rows[number]["user_id"], [])
        steps = {f"hist_{column}": [row[column] for row in earlier] for column in ("item_id", "cate_id")}
        events[number] = {**rows[number], **steps}
        if rows[number]["click"] == "1":
            earlier.append(rows[number])
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{json.dumps(events[number])}\n" for number in range(len(rows))))
    scores = []
    for model in (hashed.run.folder, hashed.run.bundle):
        for data in (small_log, path):
            out = tmp_path / f"{len(scores)}.parquet"
            wanted = features if (model, data) == (hashed.run.bundle, small_log) else None
            bstkit.predict(model, data, out, features=wanted)
            scores.append(table(out)["ctr_logit"])
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0], atol=1e-5)
    assert len(np.unique(scores[0])) > 100


def test_key_that_training_never_saw_has_an_id(hashed, tmp_path):
    """It shares one with whatever fell into its bucket; a key of the same bucket scores the same."""
    other = next(key for key in map(str, range(10**6, 10**7)) if hash_id(key, BUCKETS) == hash_id("unseen", BUCKETS))
    scorer = bstkit.load_bundle(hashed.run.bundle)
    unseen, same, unknown = scorer.score([{"item_id": "unseen"}, {"item_id": other}, {}])["ctr_logit"]
    assert unseen == same
    assert unseen != unknown


def test_features_with_other_buckets_are_refused(hashed, features, small_log, tmp_path):
    for space, says in (
        (Space(dim=8), "id space 'item' has a vocabulary instead of hash_buckets = 60"),
        (Space(dim=8, hash_buckets=61), "id space 'item' has hash_buckets = 61 instead of hash_buckets = 60"),
    ):
        other = features.model_copy(update={"spaces": {**features.spaces, "item": space}})
        with pytest.raises(ConfigError, match=says):
            bstkit.predict(hashed.run.bundle, small_log, tmp_path / "scores.csv", features=other)


def test_features_with_another_age_are_refused(hashed, features, small_log, tmp_path):
    hist = features.history["hist"].model_copy(update={"max_age_s": 60.0})
    other = features.model_copy(update={"history": {"hist": hist}})
    with pytest.raises(ConfigError, match=r"history 'hist' has max_age_s = 60\.0 instead of None"):
        bstkit.predict(hashed.run.bundle, small_log, tmp_path / "scores.csv", features=other)


def test_bundles_of_vocabulary_and_hash_differ(built, hashed):
    diff = bstkit.diff_bundles(built.run.bundle, hashed.run.bundle)
    told = [one.what for one in diff.changes if one.breaking and one.where == "id space item"]
    assert told == ["keys become ids by the hash sha256-64 into 60 buckets instead of vocab/item.txt"]


def test_raw_ids_are_refused_before_training_and_before_export(hashed, features, small_selection, small_log, tmp_path):
    raw = small_selection.with_export("a test", ids="raw")
    with pytest.raises(ExportError, match="cannot take raw ids of 'item'"):
        build(raw, tmp_path / "run", data=small_log, features=features)
    assert not (tmp_path / "run").exists()
    run = load_run(shutil.copytree(hashed.run.folder, tmp_path / "copy"))
    with pytest.raises(ExportError, match="cannot take raw ids of 'item'"):
        export_run(run, tmp_path / "raw", ids="raw")
    assert not (tmp_path / "raw").exists()
    assert "composed" not in vars(run)  # it was refused before the model was made again


def test_features_of_the_run_are_read_back(hashed):
    text = (hashed.run.folder / "features.toml").read_text()
    assert features_to_toml(features_from_toml(text)) == text
