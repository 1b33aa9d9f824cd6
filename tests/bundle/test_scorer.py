"""A bundle scores raw events, checked first, without TensorFlow."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bstkit
from bstkit.bundle.fixed_shapes import pieces
from bstkit.bundle.scorer import BundleScorer, load_bundle
from bstkit.bundle.vectors import read_vectors
from bstkit.config.features import Space
from bstkit.errors import BundleError, DataError, ProviderError, VerificationError
from bstkit.export import export
from tests.bundle.changes import flip
from tests.bundle.conftest import BUCKETS, KEYS

EVENTS = [
    {
        "item_id": 101,
        "cate_id": "shelf 3",
        "user_id": "7",
        "price": 2.5,
        "hist_item_id": [100, None, "105", 103, 104, 107, 100, 148],
        "hist_cate_id": ["shelf 0", "shelf 1", None, "shelf 2", "nothing", "shelf 5", "shelf 5", "shelf 11"],
    },
    {},
    {"item_id": "new", "gender_id": "f", "age_id": "30s", "hist_item_id": [140], "hist_cate_id": ["shelf 9"]},
]


@pytest.mark.parametrize("name", ["encoded_bundle", "raw_bundle", "hashed_bundle"])
def test_golden_vectors_are_scored_as_stated(name, request):
    scorer = BundleScorer(request.getfixturevalue(name), threads=1)
    for one in read_vectors(scorer.folder, scorer.manifest):
        scores = scorer.run(one.inputs)
        for output, expected in one.outputs.items():
            np.testing.assert_allclose(scores[output], expected[:, 0], atol=1e-5)


def test_events_score_as_the_model_scores_their_ids(encoded_bundle, small_model):
    ids = {
        "item_id": [3, 1, 1],
        "cate_id": [5, 1, 1],
        "user_id": [9, 1, 1],
        "gender_id": [1, 1, 2],
        "age_id": [1, 1, 4],
        "hist_item_id": [[2, 1, 7, 5, 6, 9, 2, 50], [0] * 8, [42] + [0] * 7],
        "hist_cate_id": [[2, 3, 1, 4, 1, 7, 7, 13], [0] * 8, [11] + [0] * 7],
    }
    feeds = {key: np.array(values, np.int32) for key, values in ids.items()}
    feeds["price"] = np.array([2.5, np.nan, np.nan], np.float32)
    expected = small_model.serving(feeds)
    scores = load_bundle(encoded_bundle).score(EVENTS)
    assert list(scores) == ["ctr", "ctr_logit"]
    for name, values in scores.items():
        np.testing.assert_allclose(values, expected[name].numpy()[:, 0], atol=1e-5)


def item_id(key):
    """The stated rule, written down a second time."""
    return 2 + int(hashlib.sha256(key.encode()).hexdigest()[:16], 16) % BUCKETS


def test_hashed_events_score_as_the_model_scores_their_ids(hashed_bundle, hashed_model):
    keys = ["100", "", "105", "Zürich", "a\0b\n"]
    events = [{"item_id": 101, "hist_item_id": [*keys[:4], keys[4], None], "hist_cate_id": [None] * 6}, {}]
    steps = [[item_id(key) if key else 1 for key in keys] + [1], [0] * 6]
    feeds = {name: np.array([1, 1], np.int32) for name in ("cate_id", "user_id", "gender_id", "age_id")}
    feeds |= {"item_id": np.array([item_id("101"), 1], np.int32), "hist_item_id": np.array(steps, np.int32)}
    feeds |= {"hist_cate_id": np.array([[1] * 6, [0] * 6], np.int32), "price": np.full(2, np.nan, np.float32)}
    expected = hashed_model.serving(feeds)
    for name, values in load_bundle(hashed_bundle).score(events).items():
        np.testing.assert_allclose(values, expected[name].numpy()[:, 0], atol=1e-5)
        assert values[0] != values[1]


def test_bundle_of_hashed_spaces_alone_needs_no_vocabularies(small_model, tmp_path):
    table = small_model.features
    spaces = {name: Space(dim=8, hash_buckets=space.rows - 2) for name, space in table.spaces.items()}
    export(replace(small_model, features=table.model_copy(update={"spaces": spaces})), tmp_path / "bundle")
    assert not (tmp_path / "bundle" / "vocab").exists()
    first, second, empty = load_bundle(tmp_path / "bundle").score([EVENTS[0], EVENTS[2], {}])["ctr_logit"]
    assert len({first, second, empty}) == 3


def test_raw_and_encoded_bundles_agree(encoded_bundle, raw_bundle):
    encoded, raw = (load_bundle(folder).score(EVENTS * 100) for folder in (encoded_bundle, raw_bundle))
    assert len(raw["ctr"]) == 300
    np.testing.assert_allclose(raw["ctr_logit"], encoded["ctr_logit"], atol=1e-5)


def test_no_events_no_scores(encoded_bundle):
    assert {name: len(values) for name, values in load_bundle(encoded_bundle).score([]).items()} == {
        "ctr": 0,
        "ctr_logit": 0,
    }


@pytest.mark.parametrize("event", ["text", 7, ["item_id"]], ids=repr)
def test_event_that_is_no_mapping_is_named(encoded_bundle, event):
    with pytest.raises(DataError, match=r"event 1 is .*, not a mapping"):
        load_bundle(encoded_bundle).score([{}, event])


def test_wrong_value_names_its_event(encoded_bundle):
    with pytest.raises(DataError, match="event 1: 'item_id' holds a number with a fraction, not a key"):
        load_bundle(encoded_bundle).score([{}, {"item_id": 1.5}])


def test_changed_file_is_refused(bundle):
    flip(bundle / "vocab" / "item.txt", 0)
    with pytest.raises(VerificationError, match=r"vocab/item\.txt was changed"):
        load_bundle(bundle)


def test_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read"):
        load_bundle(tmp_path)


def test_unknown_provider_is_named(encoded_bundle):
    with pytest.raises(ProviderError, match="no execution provider named 'gpu'"):
        load_bundle(encoded_bundle, provider="gpu")


def test_bundle_without_vocabularies_scores_ids_only(small_model, tmp_path):
    export(small_model, tmp_path / "bundle")
    scorer = load_bundle(tmp_path / "bundle")
    first = next(read_vectors(scorer.folder, scorer.manifest))
    assert len(scorer.run(first.inputs)["ctr"]) == first.vector.rows
    with pytest.raises(BundleError, match="holds no vocabulary of id space 'item'"):
        scorer.score(EVENTS)


def test_scoring_imports_no_tensorflow(encoded_bundle, tmp_path):
    code = """
import json, sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
import bstkit
scores = bstkit.load_bundle(sys.argv[1]).score(json.loads(sys.argv[2]))
print(json.dumps(scores["ctr"].tolist()))
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    command = [sys.executable, "-c", code, str(encoded_bundle), json.dumps(EVENTS)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), load_bundle(encoded_bundle).score(EVENTS)["ctr"])


@pytest.mark.parametrize("ids", ["encoded", "raw"])
def test_bundle_for_devices_scores_the_same(small_model, encoded_bundle, tmp_path, ids):
    """Its batch holds one row, its histories six steps; the first event has eight."""
    export(small_model, tmp_path / "edge", target="edge", ids=ids, vocabularies=KEYS)
    scorer = load_bundle(tmp_path / "edge")
    assert all(isinstance(dim, int) for one in scorer.inputs for dim in one.dims)
    expected = load_bundle(encoded_bundle).score(EVENTS)
    for name, values in scorer.score(EVENTS).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-5)


def fixed(scorer, batch, steps):
    """The inputs of a graph whose dimensions are numbers."""
    dims = {"batch": batch, "hist_len": steps}
    return tuple(one.model_copy(update={"dims": tuple(dims[dim] for dim in one.dims)}) for one in scorer.inputs)


@pytest.mark.parametrize("name", ["encoded_bundle", "raw_bundle"])
def test_fixed_dimensions_get_padded_steps_and_whole_batches(name, request):
    scorer = BundleScorer(request.getfixturevalue(name))
    first = next(read_vectors(scorer.folder, scorer.manifest))
    inputs = fixed(scorer, 5, 6)
    feeds = {key: values[:12, :4] if values.ndim > 1 else values[:12] for key, values in first.inputs.items()}
    made = list(pieces(feeds, inputs))
    assert [real for _, real in made] == [5, 5, 2]
    for piece, _ in made:
        assert {key: values.shape for key, values in piece.items()} == {one.name: one.dims for one in inputs}
        assert {key: values.dtype for key, values in piece.items()} == {k: v.dtype for k, v in feeds.items()}
    scores = np.concatenate([scorer.run(piece)["ctr"][:real] for piece, real in made])
    np.testing.assert_allclose(scores, scorer.run(feeds)["ctr"], atol=1e-6)
