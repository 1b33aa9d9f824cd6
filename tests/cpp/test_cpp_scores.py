"""Golden vectors, and scores of raw events that are Python's to the last bit."""

import json
import re
import subprocess
import sys
import zipfile

import numpy as np
import onnxruntime
import pytest

from bstkit.bundle.manifest import MODEL, read_manifest
from bstkit.bundle.scorer import BATCH as SCORER_BATCH
from bstkit.bundle.scorer import load_bundle
from bstkit.data.vocabulary import VocabularyFolder
from tests.bundle.conftest import KEYS
from tests.cpp.programs import LIBRARY
from tests.cpp.raw_events import expected_feeds, random_events, scores_of, write_events

BUNDLES = ("small", "din_raw", "rich", "rich_fixed")
BATCH = 64
OLDER = "1.20.1"
"""A version of ONNX Runtime below that of the headers."""


def keys_of(bundle):
    """Id space -> keys to make events of; those of a hashed space stand in no file."""
    return {**KEYS, **VocabularyFolder(bundle / "vocab")}


@pytest.mark.parametrize("name", BUNDLES)
def test_ctest_replays_every_golden_vector(site, name):
    vectors = read_manifest(site.bundle(name)).vectors
    said = site.ctest(name)
    assert f"100% tests passed, 0 tests failed out of {len(vectors)}\n" in said, said
    for vector in vectors:
        assert re.search(rf"replay_{vector.name} \.+ +Passed", said), said


@pytest.mark.parametrize("name", BUNDLES)
def test_scores_are_those_of_python_to_the_last_bit(site, name, tmp_path):
    bundle = site.bundle(name)
    contract = read_manifest(bundle).contract
    vocabularies = keys_of(bundle)
    events = random_events(contract, vocabularies, 300)
    assert {one.name for one in contract.inputs} == set().union(*events) - {"request"}
    size = contract.inputs[0].dims[0] if isinstance(contract.inputs[0].dims[0], int) else BATCH

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(bundle / MODEL, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in contract.outputs]
    expected = []
    for start in range(0, len(events), size):
        batch = events[start : start + size]
        padded = batch + [{}] * (size - len(batch)) if isinstance(contract.inputs[0].dims[0], int) else batch
        scores = session.run(names, expected_feeds(contract, vocabularies, padded))
        expected.append(np.concatenate(scores, axis=1)[: len(batch)])

    path = write_events(tmp_path / "events.jsonl", events)
    done = site.run(name, "score", "--bundle", bundle, "--events", path, "--batch", size, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert [list(json.loads(line)) for line in done.stdout.splitlines()] == [names] * len(events)
    found = scores_of(done.stdout)
    np.testing.assert_array_equal(found.view(np.int32), np.concatenate(expected).view(np.int32))
    assert len(np.unique(found[:, 0])) > 250


@pytest.mark.parametrize("name", BUNDLES)
def test_scores_are_those_of_load_bundle_to_the_last_bit(site, name, tmp_path):
    """The two readers of raw events, written apart, give one library the same batches."""
    bundle = site.bundle(name)
    scorer = load_bundle(bundle, threads=1)
    events = random_events(scorer.manifest.contract, keys_of(bundle), 300)
    expected = scorer.score(events)
    path = write_events(tmp_path / "events.jsonl", events)
    size = scorer.inputs[0].dims[0] if isinstance(scorer.inputs[0].dims[0], int) else SCORER_BATCH
    done = site.run(name, "score", "--bundle", bundle, "--events", path, "--batch", size, "--threads", 1)
    assert done.returncode == 0, done.stderr
    found = scores_of(done.stdout)
    for number, output in enumerate(scorer.outputs):
        np.testing.assert_array_equal(found[:, number].view(np.int32), expected[output].view(np.int32))


def test_events_come_from_standard_input_too(site, tmp_path):
    bundle = site.bundle("small")
    lines = '{"item_id": 107}\n{"item_id": "107", "price": null, "hist_item_id": null}\n'
    done = site.run("small", "score", "--bundle", bundle, "--events", "-", input=lines)
    first, second = scores_of(done.stdout)
    assert done.returncode == 0
    np.testing.assert_array_equal(first, second)


def test_one_binary_runs_with_several_versions(site, tmp_path):
    """Scores may differ in their last bits from one version to the next."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", tmp_path]
    done = subprocess.run([*pip, f"onnxruntime=={OLDER}"], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"ONE BINARY ON TWO VERSIONS IS NOT TESTED HERE: no onnxruntime {OLDER}: {done.stderr[-300:]}")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = next(entry for entry in wheel.namelist() if "capi/libonnxruntime.so" in entry)
        older = wheel.extract(inside, tmp_path)
    assert OLDER in older
    bundle = site.bundle("small")
    contract = read_manifest(bundle).contract
    events = random_events(contract, keys_of(bundle), 50)
    path = write_events(tmp_path / "events.jsonl", events)
    arguments = ("small", "score", "--bundle", bundle, "--events", path, "--ort-library")
    found = [site.run(*arguments, library) for library in (LIBRARY, older)]
    assert [done.returncode for done in found] == [0, 0], found
    np.testing.assert_allclose(scores_of(found[0].stdout), scores_of(found[1].stdout), atol=1e-6)
    assert site.run("small", "replay", "--bundle", bundle, "--ort-library", older).returncode == 0


def test_info_prints_the_compiled_contract(site):
    contract = read_manifest(site.bundle("din_raw")).contract
    info = json.loads(site.run("din_raw", "score", "--info").stdout)
    assert info["contract_sha256"] == contract.sha256
    assert info["ids"] == "raw"
    assert list(info["inputs"]) == [one.name for one in contract.inputs]
    assert info["inputs"]["hist_cate_id"]["dims"] == ["batch", "hist_len"]
    assert list(info["outputs"]) == ["ctr", "ctr_logit"]


def test_info_states_a_hash_and_the_caller_s_rule(site):
    info = json.loads(site.run("rich", "score", "--info").stdout)
    item = {"vocabulary": "", "padding_id": 0, "unknown_id": 1, "first_id": 2, "hash": "sha256-64", "hash_buckets": 49}
    assert info["spaces"]["item"] == item
    assert "hash" not in info["spaces"]["cate"]
    assert info["histories"]["seen"]["max_age_s"] == 86400.5
    assert "max_age_s" not in info["histories"]["hist"]


def test_keys_of_a_hashed_space_need_no_file(site):
    """What a vocabulary does not hold is unknown; a hash gives every key an id, and an empty one none."""
    assert not (site.bundle("rich") / "vocab" / "item.txt").exists()
    lines = "".join(f'{{"item_id": {key}}}\n' for key in ('"Zürich"', '"never seen"', "42", '"42"', '""', "null"))
    done = site.run("rich", "score", "--bundle", site.bundle("rich"), "--events", "-", input=lines)
    zurich, never, number, text, empty, missing = scores_of(done.stdout)[:, 0]
    assert number == text
    assert empty == missing
    assert len({zurich, never, number, empty}) == 4
