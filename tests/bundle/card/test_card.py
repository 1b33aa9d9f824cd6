"""MODEL_CARD.md says what manifest.json and report.json say, number for number."""

import json
import re

import pytest

from bstkit.bundle.card import CARD, model_card
from bstkit.bundle.manifest import read_manifest
from tests.bundle.card.markdown import sections, tables


@pytest.fixture(scope="module")
def bundle_of_run(built):
    return built.run.bundle


@pytest.fixture(scope="module")
def manifest(bundle_of_run):
    return read_manifest(bundle_of_run)


@pytest.fixture(scope="module")
def report(bundle_of_run):
    return json.loads((bundle_of_run / "report.json").read_bytes())


@pytest.fixture(scope="module")
def card(bundle_of_run):
    return sections((bundle_of_run / CARD).read_text(encoding="utf-8"))


def figures(one):
    sizes = [f"{one[key]:.1e}" for key in ("max_abs", "mean_abs", "p99_abs", "max_rel")]
    ranking = "-" if one["ranking"] is None else f"{int(one['ranking'] * 1e6) / 1e6:.6f}"
    return [*sizes, f"{one['max_ulp']:,}", str(one["nan"]), str(one["inf"]), ranking]


def test_card_is_listed_with_its_digest(manifest):
    assert CARD in manifest.files


def test_card_can_be_written_again_from_the_bundle_alone(bundle_of_run, manifest, report):
    assert model_card(manifest, report) == (bundle_of_run / CARD).read_text(encoding="utf-8")


def test_data(card, manifest, report):
    text = card["Data"]
    assert report["data"]["log"] in text
    assert f"`{report['data']['sha256']}`" in text
    rows = report["data"]["rows"]
    assert f"{rows['train']:,} train, {rows['validation']:,} validation, {rows['test']:,} test" in text
    [spaces] = tables(text)
    assert spaces[1:] == [[n, one.file, f"{one.rows:,}"] for n, one in manifest.vocabularies.items()]


def test_training(card, manifest, report):
    text, training = card["Training"], report["training"]
    for line in (
        f"epochs: {training['epochs']}",
        f"parameters: {training['parameters']:,}",
        f"seed: {training['seed']}",
    ):
        assert f"* {line}\n" in text
    assert f"train {training['seconds']['train']:.1f}" in text
    [components] = tables(text)
    assert components[1:] == [[f"`{key}`", by] for key, by in manifest.identity.components.items()]
    assert len(components) > 3


def test_metrics_with_their_baselines(card, report):
    tested, held_out = tables(card["Metrics"])
    expected = [
        ["ctr", name, *(f"{one['ctr'][key]:.4f}" for key in ("auc", "gauc", "log_loss")), f"{one['ctr']['rows']:,}"]
        for name, one in report["metrics"].items()
    ]
    assert tested[1:] == expected
    assert [row[1] for row in expected] == ["model", "popularity", "constant"]
    found = report["held_out"]["ctr"]
    rows = f"{found['rows']:,} ({found['positives']:,} positive)"
    ours, theirs = found["tensorflow"], found["providers"]["cpu"]
    assert held_out[1] == ["ctr", "TensorFlow", rows, f"{ours['auc']:.6f}", "", f"{ours['log_loss']:.6f}", ""]
    auc = [f"{theirs['auc']:.6f}", f"{theirs['auc_change']:.1e}"]
    loss = [f"{theirs['log_loss']:.6f}", f"{theirs['log_loss_change']:.1e}"]
    assert held_out[2] == ["ctr", "ONNX Runtime, `cpu`", rows, *auc, *loss]


def test_parity(card, report):
    text = card["Parity"]
    outputs, levels, cases = tables(text)
    assert outputs[1:] == [[f"`{n}`", f"{one['scores']:,}", *figures(one)] for n, one in report["outputs"].items()]
    assert levels[1:] == [
        ["`cpu`", level, f"`{output}`", *figures(one)]
        for level, by_output in report["by_level"]["cpu"].items()
        for output, one in by_output.items()
    ]
    assert cases[1:] == [
        [f"`{case}`", f"`{output}`", *figures(one)]
        for case, by_output in report["by_case"].items()
        for output, one in by_output.items()
    ]
    for name, tolerance in report["tolerances"].items():
        assert f"`{name}` may differ by {tolerance['atol']:g}" in text
        assert tolerance["why"] in text


def test_what_ran(card, report):
    [rows] = tables(card["What ran"])
    assert rows[1:] == [
        ["`cpu`", level, f"{counts['CPUExecutionProvider']:,} CPUExecutionProvider", "0"]
        for level, counts in report["providers"]["cpu"].items()
    ]
    assert report["precision"] in card["What ran"]


def test_inputs_and_outputs(card, manifest):
    text, contract = card["Inputs and outputs"], manifest.contract
    inputs, outputs = tables(text)
    assert [(row[0], row[1]) for row in inputs[1:]] == [(f"`{one.name}`", one.dtype) for one in contract.inputs]
    assert [row[2] for row in inputs[1:]] == [f"`({', '.join(map(str, one.dims))})`" for one in contract.inputs]
    assert all(f"`{one.column}`" in row[3] for one, row in zip(contract.inputs, inputs[1:], strict=True))
    assert [row[:2] for row in outputs[1:]] == [[f"`{one.name}`", one.dtype] for one in contract.outputs]
    for name, space in contract.spaces.items():
        assert f"* `{name}`: {space.padding_id} is padding, {space.unknown_id} is unknown" in text
    history = contract.histories["hist"]
    assert f"of more than {history.max_length}, {history.truncation}" in text
    assert history.real_step in text
    assert history.time_rule in text


def test_how_to_use_it(card, manifest):
    text = card["How to use it"]
    assert f"`{manifest.contract_sha256}`" in text
    assert f"{len(manifest.vectors)} golden vectors" in text
    assert f"verified up to {max(vector.rows for vector in manifest.vectors):,}" in text
    for advice in ("Warm up", "may be shared", "do not serve", "float32"):
        assert advice in text


def test_scores_to_watch_drift_against(card, report):
    found = report["scores"]["ctr"]
    [bins] = tables(card["Scores"])
    assert [row[1] for row in bins[1:]] == [f"{count:,}" for count in found["counts"]]
    assert [row[0].split(" to ") for row in bins[1:]] == [
        [f"{low:.6f}", f"{high:.6f}"] for low, high in zip(found["edges"], found["edges"][1:], strict=False)
    ]
    assert f"{found['rows']:,} held-out rows, mean {found['mean']:.6f}" in card["Scores"]


def test_versions_and_licences(card, manifest, report):
    [versions] = tables(card["Versions"])
    assert versions[1:] == [[f"`{name}`", version] for name, version in manifest.identity.versions.items()]
    assert manifest.contract_sha256 in card["Versions"]
    [packages] = tables(card["Licences"])
    stated = report["licences"]
    assert packages[1:] == [[f"`{name}`", licence or "not stated"] for name, licence in stated["packages"].items()]
    assert "weights: not stated" in card["Licences"]
    assert f"bstkit: {stated['bstkit'] or 'its package states none'}" in card["Licences"]


def test_no_section_is_unread(card):
    named = {"Data", "Training", "Metrics", "Parity", "What ran", "Inputs and outputs", "How to use it", "Scores"}
    assert set(card) == named | {"Versions", "Licences"}


def test_markdown_is_well_formed(bundle_of_run):
    text = (bundle_of_run / CARD).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert not re.search(r"\n\n\n", text)
    assert "None" not in text
    for table in re.finditer(r"\n(.*)\n\|.*\n\| ---", text):
        assert table.group(1) == ""  # a table needs a blank line above it


def test_without_a_run_the_card_says_what_is_not_known(encoded_bundle, raw_bundle):
    for folder in (encoded_bundle, raw_bundle):
        card = sections((folder / CARD).read_text(encoding="utf-8"))
        assert "Not known" in card["Training"]
        assert "No test metrics" in card["Metrics"]
        assert "Generated rows are no traffic" in card["Scores"]


def test_raw_ids_are_told_with_their_padding(raw_bundle):
    text = sections((raw_bundle / CARD).read_text(encoding="utf-8"))["Inputs and outputs"]
    assert "the log's own keys" in text
    assert '* `cate`: the key `""` is padding' in text
    assert f"* `item`: the key `{-(2**63)}` is padding" in text


def test_fixed_shapes_are_told(manifest, report):
    inputs = tuple(one.model_copy(update={"dims": (4, *one.dims[1:])}) for one in manifest.contract.inputs)
    contract = manifest.contract.model_copy(update={"inputs": inputs})
    text = sections(model_card(manifest.model_copy(update={"contract": contract}), report))["How to use it"]
    assert "Exactly 4 rows" in text
    assert "The caller cuts over-long histories" in text
    assert "Any number of rows" not in text


def test_facts_of_the_trainer_reach_the_card(manifest, report):
    stated = {**report, "licences": {**report["licences"], "weights": "CC-BY-4.0"}}
    assert "weights: CC-BY-4.0" in model_card(manifest, stated)
    imported = {**report, "training": {**report["training"], "epochs": 0}}
    assert "trained elsewhere" in model_card(manifest, imported)


def test_weights_of_positive_rows_are_told(manifest, report):
    assert "no probabilities" not in model_card(manifest, report)
    weighted = {**report, "training": {**report["training"], "class_weight": {"ctr": 2.5}}}
    assert "* `ctr`: scores are no probabilities: positive rows counted w = 2.5 times" in model_card(manifest, weighted)


def test_left_out_rows_and_sampled_negatives_are_told(manifest, report):
    sampling = {"negatives_per_positive": 4, "by": "uniform", "seed": 0, "rate": 0.0123}
    changed = {**report, "data": {**report["data"], "skipped": {"time is negative": 1200}, "sampling": sampling}}
    text = model_card(manifest, changed)
    assert "* left out: 1,200 rows, time is negative" in text
    assert "* negatives: 4 candidates drawn beside each positive, uniform, a share w = 0.0123 of all" in text
    assert "p w / (p w + 1 - p)" in text


def test_hash_and_age_are_the_caller_s_to_obey(hashed_bundle):
    text = (hashed_bundle / CARD).read_text(encoding="utf-8")
    assert "`item`: 0 is padding, 1 is unknown, an empty key, too; the id of any other key is `2 + h % 30`" in text
    assert "`h` the first 8 bytes of the SHA-256 of its UTF-8 text" in text
    assert "| item | none: keys are hashed into 30 buckets | 32 |" in text
    assert "* age: leave out steps more than 86400 s older than the request" in text
