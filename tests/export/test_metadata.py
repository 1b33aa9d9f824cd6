"""What a viewer or a C++ program reads in the model itself."""

import json

import onnx
import pytest

from bstkit.bundle.contract import Contract
from bstkit.bundle.manifest import read_manifest
from bstkit.compose import compose
from bstkit.config.features import Space
from bstkit.export.assemble import assemble
from bstkit.export.doc_strings import write_doc_strings
from tests.models import features, selection


@pytest.fixture(scope="module")
def model(exported):
    return onnx.load(exported[0] / "model.onnx")


@pytest.fixture(scope="module")
def facts(model):
    return {entry.key.removeprefix("bstkit."): entry.value for entry in model.metadata_props}


def test_metadata_holds_the_facts_of_the_manifest(exported, facts):
    manifest = read_manifest(exported[0])
    identity = manifest.identity
    assert Contract.model_validate_json(facts["contract"]) == manifest.contract
    assert facts["contract.sha256"] == manifest.contract_sha256
    assert json.loads(facts["versions"]) == identity.versions
    assert json.loads(facts["components"]) == identity.components
    assert (facts["version"], facts["recipe"], facts["seed"]) == (identity.bstkit, identity.recipe, str(identity.seed))
    assert (facts["target"], facts["ids"]) == (manifest.graph.target, manifest.contract.ids)
    assert (facts["opset"], facts["lowest_onnxruntime"]) == ("18", manifest.graph.lowest_onnxruntime)
    stated = {name: fact.model_dump() for name, fact in manifest.vocabularies.items()}
    assert json.loads(facts["vocabularies"]) == stated
    assert json.loads(facts["tolerances"])["ctr"] == {"atol": 1e-5, "rtol": 0.0}


def test_metadata_names_no_place(facts, exported):
    assert not any(str(exported[0].parent) in text for text in facts.values())


def test_every_input_and_output_is_described(model):
    described = {value.name: value.doc_string for value in (*model.graph.input, *model.graph.output)}
    assert all(described.values())
    assert described["hist_item_id"] == (
        "Ids of column 'item_id' in space 'item': 0 padding, 1 out-of-vocabulary, 2 to 50 the lines of vocab/item.txt; "
        "any other id counts as 1. History 'hist', oldest first, padded on the right; the 6 most recent steps are kept."
    )
    assert described["price"] == "Column 'price', not transformed; NaN is missing and counts as the mean."
    assert described["ctr"] == "Probability of 'ctr', 0 to 1."
    assert described["ctr_logit"] == "Log odds of 'ctr'."
    assert "bst_small" in model.doc_string


def test_ages_weights_and_lengths_are_described():
    table = features(weight="importance", length="hist_length")
    composed = compose(selection(encoder=("weighted", "transformer"), position="time_gap"), table)
    model, _ = assemble(composed)
    write_doc_strings(model, composed)
    described = {value.name: value.doc_string for value in model.graph.inputs}
    assert described["hist_age_seconds"].startswith("Whole seconds from each event (column 'timestamp')")
    assert described["hist_weight"].startswith("One weight a step (column 'importance'); NaN counts as 0.")
    assert described["hist_length"] == "Number of real steps of history 'hist'."


def test_hash_and_age_are_described():
    table = features(max_age_s=3600.0)
    table = table.model_copy(update={"spaces": {**table.spaces, "item": Space(dim=8, hash_buckets=49)}})
    composed = compose(selection(), table)
    model, _ = assemble(composed)
    write_doc_strings(model, composed)
    described = {value.name: value.doc_string for value in model.graph.inputs}
    rule = (
        "Ids of column 'item_id' in space 'item': 0 padding, 1 out-of-vocabulary, 2 + h % 49 a key, h the first 8 "
        "bytes of its SHA-256, most significant first (rule sha256-64); any other id counts as 1."
    )
    assert described["item_id"] == rule
    assert described["hist_item_id"] == (
        f"{rule} History 'hist', oldest first, padded on the right; the 6 most recent steps are kept. Leave out steps "
        "more than 3600 s older than the request."
    )
