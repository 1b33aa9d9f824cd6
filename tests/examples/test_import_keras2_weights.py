"""Import of a Keras 2 file of the seed model: every weight, and the logit."""

import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from bstkit.artefact import load_run
from bstkit.data.vocabulary import read_vocabulary
from tests.examples.conftest import EXAMPLES
from tests.examples.keras2_model import Keras2Model
from tests.examples.small_bst import ROWS, context_ids, full_feeds, write_small_run
from tests.models import SPACES, features

SEED_ROWS = {"item_id": 5001, "cate_id": 214, "user_id": 301, "gender": 3, "age": 11}


@pytest.fixture(scope="module")
def imported(script, small_run, tmp_path_factory):
    """The model, and the run that its file became."""
    model = Keras2Model(ROWS)
    folder = tmp_path_factory.mktemp("imported")
    weights = model.write(folder / "weights.h5")
    assert script.main([str(weights), str(small_run), "--out", str(folder / "run")]) == 0
    return model, load_run(folder / "run")


def by_path(run):
    return {weight.path: weight.numpy() for weight in run.composed.serving.weights}


def test_every_weight_is_that_of_the_file(imported):
    model, run = imported
    ours = by_path(run)
    pairs = {
        f"{column}_embedding/embeddings": model.weight(f"{layer}/embeddings:0")
        for column, layer in {
            "item": "item_id_embedding",
            "cate": "cate_id_embedding",
            "user": "user_id_embedding_layer",
            "gender": "gender_embedding_layer",
            "age": "age_embedding_layer",
        }.items()
    }
    for number, block in enumerate(("encoder_21/encoder_layer_42", "encoder_21/encoder_layer_43")):
        first, norm, attention = 252 + 6 * number, 84 + 2 * number, f"multi_head_attention_{42 + number}"
        sources = {
            "attention/query": f"{attention}/dense_{first}",
            "attention/key": f"{attention}/dense_{first + 1}",
            "attention/value": f"{attention}/dense_{first + 2}",
            "attention/output": f"{attention}/dense_{first + 3}",
            "ffn_hidden": f"sequential_{42 + number}/dense_{first + 4}",
            "ffn_output": f"sequential_{42 + number}/dense_{first + 5}",
            "attention_norm": f"layer_normalization_{norm}",
            "ffn_norm": f"layer_normalization_{norm + 1}",
        }
        for target, source in sources.items():
            for leaf in ("gamma", "beta") if "norm" in target else ("kernel", "bias"):
                path = f"encoder_transformer/block_{number + 1}/{target}/{leaf}"
                pairs[path] = model.weight(f"{block}/{source}/{leaf}:0")
    head = [weight.numpy() for weight in run.composed.serving.get_layer("head_mlp").weights]
    theirs = [
        model.weight(f"{layer}/{leaf}:0")
        for layer in ("FC_1", "FC_2", "FC_3", "Sigmoid_output_layer")
        for leaf in ("kernel", "bias")
    ]
    assert len(pairs) + len(head) == len(ours) == 5 + 2 * 16 + 8
    for path, array in pairs.items():
        np.testing.assert_array_equal(ours[path], array, err_msg=path)
    for mine, array in zip(head, theirs, strict=True):
        np.testing.assert_array_equal(mine, array)


def test_logit_is_that_of_the_architecture_in_float64(imported):
    model, run = imported
    feeds = full_feeds(run.features, rows=64)
    expected = model.logit(feeds)
    assert expected.std() > 0.1
    ours = run.composed.serving(feeds)["ctr_logit"].numpy()[:, 0]
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_bundle_scores_like_the_architecture(imported):
    import onnxruntime

    model, run = imported
    feeds = full_feeds(run.features, rows=16)
    session = onnxruntime.InferenceSession(run.model, providers=["CPUExecutionProvider"])
    [scores] = session.run(["ctr"], feeds)
    np.testing.assert_allclose(scores[:, 0], 1 / (1 + np.exp(-model.logit(feeds))), rtol=1e-5, atol=1e-5)


def test_run_takes_vocabularies_and_held_out_rows_over(imported, small_run):
    _, run = imported
    for name in SPACES:
        assert read_vocabulary(run.folder / "vocab" / f"{name}.txt") == read_vocabulary(
            small_run / "vocab" / f"{name}.txt"
        )
    assert set(run.heldout) == set(load_run(small_run).heldout)
    assert run.provenance["imported"]["file"] == "weights.h5"


def test_whole_model_file_gives_the_same_weights(script, imported, small_run, tmp_path):
    model, run = imported
    weights = model.write(tmp_path / "model.h5", whole_model=True)
    assert script.main([str(weights), str(small_run), "--out", str(tmp_path / "run")]) == 0
    for path, array in by_path(load_run(tmp_path / "run")).items():
        np.testing.assert_array_equal(array, by_path(run)[path])


def test_context_in_another_order_gives_the_same_logit(script, imported, tmp_path):
    model, _ = imported
    like = write_small_run(tmp_path / "like", context=context_ids("age", "user_id", "gender"))
    weights = model.write(tmp_path / "weights.h5")
    assert script.main([str(weights), str(like), "--out", str(tmp_path / "run")]) == 0
    run = load_run(tmp_path / "run")
    feeds = full_feeds(run.features)
    ours = run.composed.serving(feeds)["ctr_logit"].numpy()[:, 0]
    np.testing.assert_allclose(ours, model.logit(feeds), rtol=1e-5, atol=1e-5)


def test_order_says_which_projection_is_which(script, imported, small_run, tmp_path):
    model, _ = imported
    weights = model.write(tmp_path / "weights.h5")
    order = "key,query,value,output"
    assert script.main([str(weights), str(small_run), "--out", str(tmp_path / "run"), "--order", order]) == 0
    kernel = by_path(load_run(tmp_path / "run"))["encoder_transformer/block_1/attention/key/kernel"]
    np.testing.assert_array_equal(
        kernel, model.weight("encoder_21/encoder_layer_42/multi_head_attention_42/dense_252/kernel:0")
    )


def test_table_names_every_weight(script, small_run, tmp_path, capsys):
    model = Keras2Model(ROWS)
    weights = model.write(tmp_path / "weights.h5")
    script.main([str(weights), str(small_run), "--out", str(tmp_path / "run")])
    said = capsys.readouterr().out
    assert re.search(r"^FC_1/kernel:0 +head_mlp/\S+ +60x12$", said, re.MULTILINE)
    assert said.count(":0 ") == 45
    assert f"{tmp_path / 'run' / 'bundle' / 'model.onnx'} is verified" in said


def test_seed_model_imports_at_full_size(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = Keras2Model(SEED_ROWS, dim=64, steps=51, ffn_dim=1024, units=(2056, 512, 32), num_heads=8)
    assert sum(array.size for weights in model.layers.values() for array in weights.values()) == 15_901_641
    composed = script.import_weights(script.read_layers(model.write(tmp_path / "weights.h5"))).composed
    feeds = full_feeds(composed.features, rows=4)
    ours = composed.serving(feeds)["ctr_logit"].numpy()[:, 0]
    np.testing.assert_allclose(ours, model.logit(feeds), rtol=1e-4, atol=1e-4)


REGISTRY = """
[recipe.bst]
encoder = { use = "transformer", num_blocks = 2, num_heads = 8, ffn_dim = 16 }
head = { use = "mlp", units = [12, 7, 5] }
[recipe.bst.features]
item_id = 60
cate_id = 20
user_id = 30
"""


def test_recipe_of_the_working_folder_stands_in_for_a_run(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(script, "features_for", lambda data: features(dim=4, max_length=5))
    (tmp_path / "registry.toml").write_text(REGISTRY)
    rows = {"item_id": 60, "cate_id": 20, "user_id": 30, "gender": 3, "age": 11}
    model = Keras2Model(rows, num_heads=8)
    assert script.main([str(model.write(tmp_path / "weights.h5")), "--out", "run"]) == 0
    run = load_run(tmp_path / "run")
    feeds = full_feeds(run.features, rows=4)
    ours = run.composed.serving(feeds)["ctr_logit"].numpy()[:, 0]
    np.testing.assert_allclose(ours, model.logit(feeds), rtol=1e-4, atol=1e-4)
    assert run.model.is_file()


def test_names_cut_into_chunks_are_read(script, tmp_path):
    import keras2_file

    path = Keras2Model(ROWS).write(tmp_path / "weights.h5")
    whole = keras2_file.read_layers(path)
    with h5py.File(path, "a") as file:
        names = list(file.attrs["layer_names"])
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:4], names[4:]
    assert list(keras2_file.read_layers(path)) == list(whole)


def test_script_runs_from_anywhere(tmp_path):
    command = [sys.executable, str(EXAMPLES / "import_keras2_weights" / "import_keras2_weights.py")]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(
        [*command, "absent.h5", "--out", "run"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no weights file at absent.h5\nhint:  ")
    assert list(Path(tmp_path).iterdir()) == []
