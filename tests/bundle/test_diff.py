"""`diff`: what a caller would notice is breaking, everything else is told and harmless."""

import shutil

import numpy as np
import pytest

from bstkit.bundle.changes import Change, changes
from bstkit.bundle.diff import diff_bundles
from bstkit.bundle.manifest import Manifest, read_manifest
from bstkit.bundle.score_changes import rank_correlation
from bstkit.bundle.vocabulary_changes import vocabulary_changes
from bstkit.compose import compose
from bstkit.errors import BundleError
from bstkit.export import export
from tests.bundle.changes import edit_manifest, flip
from tests.bundle.conftest import KEYS, PROVENANCE
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features


@pytest.fixture(scope="session")
def retrained(tmp_path_factory):
    """The encoded bundle's model with other weights and two more items."""
    folder = tmp_path_factory.mktemp("retrained") / "bundle"
    model = randomise(compose(bst_small(pooling="max"), features((53, 14, 31, 3, 11), dim=8, max_length=6, price=True)))
    export(model, folder, vocabularies={**KEYS, "item": [*KEYS["item"], "new", "newer"]}, provenance=PROVENANCE)
    return folder


def test_bundle_replaces_itself(encoded_bundle):
    diff = diff_bundles(encoded_bundle, str(encoded_bundle), max_score_diff=0.0)
    assert (diff.changes, diff.breaking) == ((), 0)
    assert {name: (one.max_abs, one.mean_abs) for name, one in diff.scores.outputs.items()} == {
        "ctr": (0.0, 0.0),
        "ctr_logit": (0.0, 0.0),
    }
    assert diff.scores.outputs["ctr"].rank_correlation == pytest.approx(1.0)
    assert "empty_history" in diff.scores.cases
    assert diff.scores.refused == ()


def test_retrained_bundle_replaces_and_tells_how_far_it_went(encoded_bundle, retrained):
    diff = diff_bundles(encoded_bundle, retrained)
    assert diff.breaking == 0
    assert Change(False, "vocabulary item", "2 new keys, 51 in all") in diff.changes
    assert Change(False, "weights", "the model's file is another one") in diff.changes
    found = diff.scores.outputs["ctr_logit"]
    assert found.scores > 1000
    assert 0 < found.mean_abs < found.max_abs
    assert -1 <= found.rank_correlation < 1
    assert diff.to_json()["can_replace"] is True


def test_scores_decide_only_when_asked(encoded_bundle, retrained):
    far = diff_bundles(encoded_bundle, retrained).scores.outputs
    allowed = (far["ctr"].max_abs + far["ctr_logit"].max_abs) / 2
    diff = diff_bundles(encoded_bundle, retrained, max_score_diff=allowed)
    assert [one.where for one in diff.changes if one.breaking] == ["scores of ctr_logit"]
    assert diff.changes[0].breaking
    assert diff.to_json()["can_replace"] is False
    assert diff_bundles(encoded_bundle, retrained, max_score_diff=1e9).breaking == 0


def test_raw_ids_do_not_replace_encoded_ones(encoded_bundle, raw_bundle):
    diff = diff_bundles(encoded_bundle, raw_bundle, max_score_diff=1.0)
    broken = {one.where for one in diff.changes if one.breaking}
    assert {"ids", "input item_id", "id space item", "scores"} <= broken
    assert "input price" not in broken
    assert diff.scores.outputs == {}
    assert diff.scores.cases == ()
    assert "typical" in diff.scores.refused


def test_vocabularies_inside_a_graph_concern_no_caller(raw_bundle, small_model, tmp_path):
    moved = {**KEYS, "item": KEYS["item"][::-1]}
    export(small_model, tmp_path / "moved", ids="raw", vocabularies=moved, provenance=PROVENANCE)
    diff = diff_bundles(raw_bundle, tmp_path / "moved")
    assert diff.breaking == 0
    assert Change(False, "vocabulary item", "48 keys, '100' first, are at another id") in diff.changes
    assert diff.scores.outputs["ctr"].max_abs > 0


def test_vocabulary_and_hash_do_not_replace_each_other(encoded_bundle, hashed_bundle):
    hashed = "the hash sha256-64 into 30 buckets"
    diff = diff_bundles(encoded_bundle, hashed_bundle)
    assert Change(True, "id space item", f"keys become ids by {hashed} instead of vocab/item.txt") in diff.changes
    assert not [one for one in diff.changes if one.where == "vocabulary item"]
    diff = diff_bundles(hashed_bundle, encoded_bundle)
    assert Change(True, "id space item", f"keys become ids by vocab/item.txt instead of {hashed}") in diff.changes
    assert diff_bundles(hashed_bundle, hashed_bundle).changes == ()


def test_other_buckets_and_another_age_are_told(hashed_bundle):
    manifest = read_manifest(hashed_bundle)

    def change(content):
        content["contract"]["spaces"]["item"]["hash_buckets"] = 1000
        content["vocabularies"]["item"]["rows"] = 1002
        del content["contract"]["histories"]["hist"]["max_age_s"]

    after = other(manifest, change)
    told = [*changes(manifest, after), *vocabulary_changes(hashed_bundle, manifest, hashed_bundle, after)]
    assert told == [
        Change(
            True,
            "id space item",
            "keys become ids by the hash sha256-64 into 1,000 buckets instead of the hash sha256-64 into 30 buckets",
        ),
        Change(True, "history hist", "max_age_s none instead of 86400.0"),
    ]


def other(manifest, change):
    """A manifest with `change(content)` applied, its digests not kept."""
    content = manifest.model_dump(mode="json")
    change(content)
    return Manifest.model_validate(content)


def an_input(content, name):
    return next(one for one in content["contract"]["inputs"] if one["name"] == name)


def set_input(name, **values):
    return lambda content: an_input(content, name).update(values)


def rename_dimension(content):
    for one in content["contract"]["inputs"]:
        one["dims"] = ["rows" if dim == "batch" else dim for dim in one["dims"]]


def fix_steps(content):
    for one in content["contract"]["inputs"]:
        one["dims"] = [6 if dim == "hist_len" else dim for dim in one["dims"]]


def set_rule(**values):
    return lambda content: content["contract"]["histories"]["hist"].update(values)


def set_graph(**values):
    return lambda content: content["graph"].update(values)


def add_output(content):
    more = {"name": "cvr", "dtype": "float32", "dims": ["batch", 1], "task": "cvr", "kind": "probability"}
    content["contract"]["outputs"].append(more)


BREAKING = {
    "input gone": (lambda c: c["contract"]["inputs"].pop(), "input price", "is gone; it was float32 ['batch']"),
    "input new": (
        lambda c: c["contract"]["inputs"].append({**an_input(c, "price"), "name": "discount"}),
        "input discount",
        "is new: float32 ['batch']",
    ),
    "dtype": (set_input("item_id", dtype="int64"), "input item_id", "dtype 'int64' instead of 'int32'"),
    "column": (set_input("item_id", column="sku"), "input item_id", "column 'sku' instead of 'item_id'"),
    "space": (set_input("item_id", space="cate"), "input item_id", "space 'cate' instead of 'item'"),
    "padding": (set_input("hist_item_id", padding=-1), "input hist_item_id", "padding -1 instead of 0"),
    "rank": (
        set_input("hist_item_id", dims=["batch", "s", "t"]),
        "input hist_item_id",
        "dimensions ['batch', 's', 't'] instead of ['batch', 'hist_len']",
    ),
    "fixed": (fix_steps, "input hist_item_id", "dimensions ['batch', 6] instead of ['batch', 'hist_len']"),
    "unknown id": (
        lambda c: c["contract"]["spaces"]["item"].update(unknown_id=0),
        "id space item",
        "unknown_id 0 instead of 1",
    ),
    "max_length": (set_rule(max_length=9), "history hist", "max_length 9 instead of 6"),
    "events": (set_rule(events="positive"), "history hist", "events 'positive' instead of 'all'"),
    "time rule": (set_rule(time_rule="yesterday's"), "history hist", 'time_rule "yesterday\'s" instead of '),
    "age rule": (set_rule(age_rule="seconds"), "history hist", "age_rule 'seconds' instead of none"),
    "candidate": (set_rule(candidate="append"), "history hist", "candidate 'append' instead of 'apart'"),
    "output gone": (lambda c: c["contract"]["outputs"].pop(), "output ctr_logit", "is gone; it was float32"),
    "output kind": (
        lambda c: c["contract"]["outputs"][0].update(kind="logit"),
        "output ctr",
        "kind 'logit' instead of 'probability'",
    ),
    "digest": (lambda c: c.update(contract_sha256="0" * 64), "contract", "its digest is another one"),
    "version": (lambda c: c["contract"].update(version=2), "contract", "version 2 instead of 1"),
    "newer runtime": (set_graph(lowest_onnxruntime="99.10"), "ONNX Runtime", "99.10 or later instead of 1."),
    "form gone": (set_graph(runs_beside=[]), "file model.ort", "is gone"),
    "another target": (set_graph(target="onnxruntime"), "target", "made for onnxruntime instead of portable"),
}

HARMLESS = {
    "dimension's name": (rename_dimension, "input item_id", "dimensions ['rows'] instead of ['batch']"),
    "order of inputs": (lambda c: c["contract"]["inputs"].reverse(), "inputs", "stand in another order"),
    "output new": (add_output, "output cvr", "is new: float32 ['batch', 1]"),
    "older runtime": (set_graph(lowest_onnxruntime="1.9"), "ONNX Runtime", "1.9 or later instead of 1."),
    "form new": (set_graph(runs_beside=["model.ort", "other"]), "file other", "is new"),
    "opset": (set_graph(opset=17), "opset", "17 instead of 18"),
    "operations": (set_graph(operations={"Add": 3}), "operations", "3 nodes instead of "),
    "recipe": (lambda c: c["identity"].update(recipe="din"), "recipe", "din instead of bst_small"),
    "package": (lambda c: c["identity"]["versions"].update(keras="9"), "version keras", "9 instead of "),
    "component": (
        lambda c: c["identity"].update(components={}),
        "component encoder.transformer",
        "none instead of bstkit 0.1.0",
    ),
    "data": (lambda c: c["identity"]["data"].update(sha256="1" * 64), "data", "a log of another content"),
    "log": (lambda c: c["identity"].update(data=None), "data", "none instead of a log"),
    "tolerances": (lambda c: c["tolerances"]["ctr"].update(atol=1.0), "tolerances", "were verified with others"),
}

CASES = {name: (*case, True) for name, case in BREAKING.items()}
CASES |= {name: (*case, False) for name, case in HARMLESS.items()}


@pytest.mark.parametrize(("change", "where", "what", "breaking"), CASES.values(), ids=CASES)
def test_severity_of_each_difference(encoded_bundle, change, where, what, breaking):
    old = other(read_manifest(encoded_bundle), set_graph(runs_beside=["model.ort"]))
    found = list(changes(old, other(old, change)))
    [told] = [one for one in found if one.where == where and one.what.startswith(what)]
    assert told.breaking is breaking
    assert any(one.breaking for one in found) is breaking


def test_same_manifests_have_no_differences(encoded_bundle):
    old = read_manifest(encoded_bundle)
    assert list(changes(old, other(old, lambda content: None))) == []


KEY_CHANGES = {
    "the same": (KEYS["item"], []),
    "extended": ([*KEYS["item"], "x"], [(False, "1 new key, 50 in all")]),
    "shortened": (KEYS["item"][:-1], [(True, "the key '148' is gone, and count as unknown")]),
    "moved": (
        ["101", "100", *KEYS["item"][2:]],
        [(True, "2 keys, '100' first, are at another id")],
    ),
    "replaced": (
        ["x", *KEYS["item"][1:]],
        [(True, "the key '100' is gone, and count as unknown"), (False, "1 new key, 49 in all")],
    ),
    "put before": (
        ["x", *KEYS["item"]],
        [(True, "49 keys, '100' first, are at another id"), (False, "1 new key, 50 in all")],
    ),
}


@pytest.mark.parametrize(("keys", "expected"), KEY_CHANGES.values(), ids=KEY_CHANGES)
def test_key_whose_id_changed_is_breaking(encoded_bundle, tmp_path, keys, expected):
    manifest = read_manifest(encoded_bundle)
    (tmp_path / "vocab").mkdir()
    for space, values in (KEYS | {"item": keys}).items():
        (tmp_path / "vocab" / f"{space}.txt").write_text("".join(f"{key}\n" for key in values))
    found = list(vocabulary_changes(encoded_bundle, manifest, tmp_path, manifest))
    assert found == [Change(breaking, "vocabulary item", what) for breaking, what in expected]


NO_FILES = {
    "lost": ("old", 51, [(True, "no file instead of vocab/item.txt")]),
    "found": ("new", 51, [(False, "vocab/item.txt instead of none")]),
    "never there, shorter": ("neither", 50, [(True, "50 rows instead of 51")]),
    "never there, longer": ("neither", 52, [(False, "52 rows instead of 51")]),
}


@pytest.mark.parametrize(("there", "rows", "expected"), NO_FILES.values(), ids=NO_FILES)
def test_bundles_without_vocabularies(encoded_bundle, there, rows, expected):
    manifest = read_manifest(encoded_bundle)
    old = other(manifest, lambda c: c["vocabularies"]["item"].update({} if there == "old" else {"file": None}))
    new = other(
        manifest,
        lambda c: c["vocabularies"]["item"].update({"rows": rows} | ({} if there == "new" else {"file": None})),
    )
    found = list(vocabulary_changes(encoded_bundle, old, encoded_bundle, new))
    assert found == [Change(breaking, "vocabulary item", what) for breaking, what in expected]


def test_space_that_came_or_went_did_so_with_its_inputs(encoded_bundle):
    manifest = read_manifest(encoded_bundle)
    fewer = other(manifest, lambda content: content["vocabularies"].pop("item"))
    assert list(vocabulary_changes(encoded_bundle, manifest, encoded_bundle, fewer)) == []
    assert list(vocabulary_changes(encoded_bundle, fewer, encoded_bundle, manifest)) == []


@pytest.mark.parametrize("changed", ["old", "new"])
def test_changed_bundle_cannot_be_compared(encoded_bundle, bundle, changed):
    flip(bundle / "model.onnx")
    with pytest.raises(BundleError, match=r"model\.onnx was changed") as caught:
        diff_bundles(*((bundle, encoded_bundle) if changed == "old" else (encoded_bundle, bundle)))
    assert caught.value.exit_code == 2


def test_too_old_runtime_cannot_compare(encoded_bundle, bundle):
    edit_manifest(bundle, lambda content: content["graph"].update(lowest_onnxruntime="99.0"))
    with pytest.raises(BundleError, match=r"needs 99\.0 or later"):
        diff_bundles(encoded_bundle, bundle)


def test_folder_that_is_no_bundle_is_named(encoded_bundle, tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read"):
        diff_bundles(encoded_bundle, tmp_path)


def test_bundle_that_moved_is_the_same(encoded_bundle, tmp_path):
    assert diff_bundles(encoded_bundle, shutil.copytree(encoded_bundle, tmp_path / "moved")).changes == ()


RANKS = {
    "rising": ([1, 2, 3], [10, 20, 90], 1.0),
    "falling": ([1, 2, 3], [3, 2, 1], -1.0),
    "by hand": ([1, 2, 3, 4], [2, 1, 4, 3], 0.6),
    "ties": ([1, 1, 2], [1, 2, 3], np.sqrt(3) / 2),
    "constant": ([1, 1, 1], [1, 2, 3], None),
    "single": ([1], [2], None),
}


@pytest.mark.parametrize(("one", "another", "expected"), RANKS.values(), ids=RANKS)
def test_rank_correlation(one, another, expected):
    found = rank_correlation(np.array(one), np.array(another))
    assert found == (None if expected is None else pytest.approx(expected))
