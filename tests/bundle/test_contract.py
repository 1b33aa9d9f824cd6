"""The contract: what a caller is compiled against, and what may change without touching it."""

import json

import pytest

from bstkit.bundle.contract import CONTRACT_VERSION, IdSpace
from bstkit.bundle.manifest import read_manifest
from bstkit.compose import compose
from bstkit.config.features import Space
from bstkit.export.assemble import assemble
from bstkit.export.stated_contract import contract_of
from tests.bundle.conftest import BUCKETS, MAX_AGE_S
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features
from tests.models import features as seed_features
from tests.models import selection


def contract(composed):
    return contract_of(assemble(composed)[0], composed)


@pytest.fixture(scope="module")
def stated(small_model):
    return contract(small_model)


def test_contract_of_the_file_is_that_of_the_model(encoded_bundle, stated):
    assert read_manifest(encoded_bundle).contract == stated


def test_other_weights_and_larger_vocabularies_keep_the_contract(stated):
    rows = (61, 24, 41, 5, 21)
    again = randomise(compose(bst_small(pooling="max"), features(rows, dim=16, max_length=6, price=True)))
    assert contract(again).sha256 == stated.sha256


AS_BEFORE = "8e71f9a197d191e8bd8b08452ea03f2d466c308554ff88d8ae4051fcb7f0f8db"
"""Digest of the small model's contract before version 2."""


def test_fields_of_later_versions_leave_other_contracts_as_they_were(stated):
    assert (stated.version, stated.sha256) == (1, AS_BEFORE)
    assert not {"hash", "hash_buckets", "max_age_s"} & set(json.loads(stated.canonical())["spaces"]["item"])
    assert "max_age_s" not in json.loads(stated.canonical())["histories"]["hist"]


def test_hash_is_stated_in_place_of_a_vocabulary(hashed_bundle):
    stated = read_manifest(hashed_bundle).contract
    assert stated.version == CONTRACT_VERSION == 2
    item = IdSpace(
        vocabulary=None,
        padding_id=0,
        unknown_id=1,
        first_id=2,
        padding_key=None,
        inputs=("hist_item_id", "item_id"),
        hash="sha256-64",
        hash_buckets=BUCKETS,
    )
    assert stated.spaces["item"] == item
    assert stated.spaces["cate"].hash is None
    assert json.loads(stated.canonical())["spaces"]["item"]["hash_buckets"] == BUCKETS


def test_other_buckets_and_another_age_are_other_contracts(hashed_bundle, hashed_features):
    stated = read_manifest(hashed_bundle).contract
    more = Space(dim=8, hash_buckets=BUCKETS + 1)
    table = hashed_features.model_copy(update={"spaces": {**hashed_features.spaces, "item": more}})
    assert contract(compose(bst_small(pooling="max"), table)).sha256 != stated.sha256
    hist = hashed_features.history["hist"].model_copy(update={"max_age_s": 61.0})
    table = hashed_features.model_copy(update={"history": {"hist": hist}})
    assert contract(compose(bst_small(pooling="max"), table)).sha256 != stated.sha256


def test_age_that_the_caller_has_to_obey_is_stated(hashed_bundle):
    stated = read_manifest(hashed_bundle).contract
    assert stated.histories["hist"].max_age_s == MAX_AGE_S
    assert json.loads(stated.canonical())["histories"]["hist"]["max_age_s"] == MAX_AGE_S


OTHERS = {
    "a longer history": features(dim=8, max_length=7, price=True),
    "no numeric input": features(dim=8, max_length=6),
}


@pytest.mark.parametrize("table", OTHERS.values(), ids=OTHERS)
def test_what_a_caller_must_know_changes_the_digest(stated, table):
    assert contract(compose(bst_small(pooling="max"), table)).sha256 != stated.sha256


def test_inputs_are_described_as_the_graph_takes_them(stated):
    by_name = {one.name: one for one in stated.inputs}
    item = by_name["hist_item_id"]
    assert (item.dtype, item.dims, item.space, item.history) == ("int32", ("batch", "hist_len"), "item", "hist")
    assert item.padding == 0
    assert by_name["item_id"].padding is None
    assert by_name["price"].dtype == "float32"
    assert [(one.name, one.kind) for one in stated.outputs] == [("ctr", "probability"), ("ctr_logit", "logit")]
    assert stated.spaces["item"].inputs == ("hist_item_id", "item_id")


def test_raw_ids_have_their_own_dtypes_and_padding(raw_bundle):
    stated = read_manifest(raw_bundle).contract
    by_name = {one.name: one for one in stated.inputs}
    assert stated.ids == "raw"
    assert (by_name["hist_item_id"].dtype, by_name["hist_item_id"].padding) == ("int64", -(2**63))
    assert (by_name["hist_cate_id"].dtype, by_name["hist_cate_id"].padding) == ("string", "")
    assert stated.spaces["cate"].padding_key == ""


def test_rules_of_a_history_are_stated():
    table = seed_features(weight="hist_weight", session_gap_s=1800.0)
    plain = contract(compose(selection(encoder=("weighted", "transformer"), position="time_gap"), table))
    rule = plain.histories["hist"]
    assert rule.inputs == ("hist_item_id", "hist_cate_id", "hist_age_seconds", "hist_weight")
    assert rule.age_rule == "whole seconds from the event to the request, at least 0"
    assert (rule.max_length, rule.max_sessions, rule.candidate) == (6, None, "append")
    assert rule.real_step == "the steps at which hist_item_id is not padding"
    assert json.loads(plain.canonical()) == plain.model_dump(mode="json")


def test_length_input_says_what_is_real():
    lengths = contract(compose(selection(), seed_features(length="hist_length")))
    assert lengths.histories["hist"].real_step == "the first hist_length steps"
    assert {one.name: one.padding for one in lengths.inputs}["hist_length"] is None
