"""Import of a Keras 2 file of the seed model: every weight, the logit, and everything that is refused."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from bstkit.artefact import load_run, write_run
from bstkit.compose import compose
from bstkit.config.features import ContextId, ContextNumeric
from bstkit.config.selection import Selection, Use
from bstkit.data.vocabulary import read_vocabulary
from tests.examples.conftest import EXAMPLES
from tests.examples.keras2_model import Keras2Model
from tests.models import SPACES, features

ROWS = {"item_id": SPACES["item"], "cate_id": SPACES["cate"], "user_id": SPACES["user"]} | {
    name: SPACES[name] for name in ("gender", "age")
}
SEED_ROWS = {"item_id": 5001, "cate_id": 214, "user_id": 301, "gender": 3, "age": 11}


def small_bst(**changed):
    """Recipe `bst`, scaled down."""
    uses = {
        "position": Use(key="position.sinusoidal", path="position", parameters={"scale": "sequence"}),
        "encoder": (
            Use(
                key="encoder.transformer",
                path="encoder",
                parameters={"num_blocks": 2, "num_heads": 2, "ffn_dim": 16},
            ),
        ),
        "pooling": (Use(key="pooling.flatten", path="pooling"),),
        "head": Use(key="head.mlp", path="head", parameters={"units": [12, 7, 5]}),
    }
    return Selection(**({"recipe": "bst", "candidate": "append"} | uses | changed))


def context_ids(*columns):
    """Context columns in this order."""
    return {column: features().context[column] for column in columns}


def write_small_run(folder, selection=None, context=None):
    """A run folder of the small model, as training leaves it."""
    table = features(dim=4, max_length=5, context=context)
    composed = compose(selection or small_bst(), table)
    folder.mkdir()
    write_run(
        folder,
        composed,
        vocabularies={name: [f"{name}{i}" for i in range(2, rows)] for name, rows in SPACES.items()},
        history=[{"epoch": 1}],
        metrics={},
        heldout=full_feeds(table),
        provenance={},
    )
    return folder


def full_feeds(table, rows=8):
    """Full-length histories."""
    rng = np.random.default_rng(1)
    steps = table.history["hist"].max_length
    context = {name: one.space for name, one in table.context.items() if isinstance(one, ContextId)}
    ids = {name: rng.integers(2, table.spaces[space].rows, rows) for name, space in {**table.target, **context}.items()}
    ids |= {
        f"hist_{name}": rng.integers(2, table.spaces[space].rows, (rows, steps))
        for name, space in table.history["hist"].fields.items()
    }
    return {name: values.astype(np.int32) for name, values in ids.items()}


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    return write_small_run(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="module")
def imported(script, small_run, tmp_path_factory):
    """The model, and the run that its file became."""
    model = Keras2Model(ROWS)
    folder = tmp_path_factory.mktemp("imported")
    weights = model.write(folder / "weights.h5")
    assert script.main([str(weights), str(small_run), "--out", str(folder / "run")]) == 0
    return model, load_run(folder / "run")


@pytest.fixture
def refused(script, small_run, tmp_path, capsys):
    """Import a changed file; return what standard error said, after checking that nothing was left behind."""

    def run(weights, *arguments, like=small_run):
        out = tmp_path / "out"
        before = set(tmp_path.iterdir())
        assert script.main([str(weights), *([str(like)] if like else []), "--out", str(out), *arguments]) == 2
        assert set(tmp_path.iterdir()) == before
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert len(re.findall("^hint:  ", said.err, re.MULTILINE)) == 1
        return said.err

    return run


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


def changed(tmp_path, change):
    """A file whose layers were changed."""
    model = Keras2Model(ROWS)
    change(model.layers)
    return model.write(tmp_path / "weights.h5")


FIRST = "encoder_21/encoder_layer_42"
UNFIT = {
    "missing_table": (lambda layers: layers.pop("age_embedding_layer"), "the file has no layer age_embedding_layer"),
    "missing_dense": (lambda layers: layers.pop("FC_2"), "the file has no layer FC_2"),
    "missing_encoder": (lambda layers: layers.pop("encoder_21"), "the file has none; it holds item_id_embedding"),
    "two_encoders": (
        lambda layers: layers.update({"encoder": {"encoder/kernel:0": np.ones(3, np.float32)}}),
        "the file has 2: encoder_21, encoder",
    ),
    "wrong_rows": (
        lambda layers: layers.update(
            {"item_id_embedding": {"item_id_embedding/embeddings:0": np.ones((50, 4), np.float32)}}
        ),
        r"item_id_embedding/embeddings:0 has shape \(50, 4\), item_embedding/embeddings \(51, 4\)",
    ),
    "missing_bias": (lambda layers: layers["FC_3"].pop("FC_3/bias:0"), "the file's layer FC_3 has no bias"),
    "missing_projection": (
        lambda layers: layers["encoder_21"].pop(f"{FIRST}/multi_head_attention_42/dense_253/kernel:0"),
        r"encoder_21 has 7 pairs kernel and bias of shapes \(8, 8\) and \(8,\), not 8 \(query, key, value, output",
    ),
    "missing_norm": (
        lambda layers: layers["encoder_21"].pop(f"{FIRST}/layer_normalization_84/gamma:0"),
        "encoder_21 has 3 pairs gamma and beta",
    ),
    "layer_left_over": (
        lambda layers: layers.update({"FC_4": {"FC_4/kernel:0": np.ones((2, 2), np.float32)}}),
        "the model has no place for FC_4/kernel:0",
    ),
    "weight_left_over": (
        lambda layers: layers["encoder_21"].update({"encoder_21/embedding/embeddings:0": np.ones((9, 8), np.float32)}),
        "the model has no place for encoder_21/embedding/embeddings:0",
    ),
    "not_finite": (
        lambda layers: layers["FC_3"]["FC_3/bias:0"].fill(np.nan),
        "values that are not finite numbers: FC_3/bias:0",
    ),
}


@pytest.mark.parametrize(("change", "message"), UNFIT.values(), ids=UNFIT)
def test_file_that_does_not_fit_is_refused(refused, tmp_path, change, message):
    assert re.search(message, refused(changed(tmp_path, change)))


def test_every_problem_is_listed_at_once(refused, tmp_path):
    weights = changed(tmp_path, lambda layers: [layers.pop(name) for name in ("FC_2", "gender_embedding_layer")])
    said = refused(weights)
    assert "no layer FC_2" in said
    assert "no layer gender_embedding_layer" in said


def test_missing_file_is_refused(refused, tmp_path):
    assert "no weights file at" in refused(tmp_path / "absent.h5")


def test_file_that_is_not_hdf5_is_refused(refused, tmp_path):
    path = tmp_path / "weights.h5"
    path.write_bytes(b"not HDF5")
    assert "cannot be read as HDF5" in refused(path)


def test_file_of_another_layout_is_refused(refused, small_run):
    assert "names no layers" in refused(small_run / "model.weights.h5")


def test_file_that_names_an_absent_weight_is_refused(refused, tmp_path):
    path = Keras2Model(ROWS).write(tmp_path / "weights.h5")
    with h5py.File(path, "a") as file:
        del file["FC_1"]["FC_1/kernel:0"]
    assert "that it does not hold" in refused(path)


def test_names_cut_into_chunks_are_read(script, tmp_path):
    import keras2_file

    path = Keras2Model(ROWS).write(tmp_path / "weights.h5")
    whole = keras2_file.read_layers(path)
    with h5py.File(path, "a") as file:
        names = list(file.attrs["layer_names"])
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:4], names[4:]
    assert list(keras2_file.read_layers(path)) == list(whole)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (small_bst(pooling=(Use(key="pooling.mean", path="pooling"),)), "pooling.mean"),
        (small_bst(candidate="apart"), "candidate apart"),
        (small_bst(position=Use(key="position.sinusoidal", path="position")), "its position is not scaled"),
        (
            small_bst(head=Use(key="head.mlp", path="head", parameters={"units": [12, 7]})),
            "the model's head has 6 weights, not the 8 of",
        ),
    ],
    ids=["pooling", "candidate", "scale", "head"],
)
def test_run_of_another_model_is_refused(refused, tmp_path, selection, message):
    like = write_small_run(tmp_path / "like", selection)
    assert message in refused(Keras2Model(ROWS).write(tmp_path / "weights.h5"), like=like)


def test_run_with_numeric_ages_is_refused(refused, tmp_path):
    context = context_ids("user_id", "gender") | {"age": ContextNumeric(numeric="standardise", mean=30.0, std=9.0)}
    like = write_small_run(tmp_path / "like", context=context)
    said = refused(Keras2Model(ROWS).write(tmp_path / "weights.h5"), like=like)
    assert "its context is user_id, gender, age, not the ids user_id, gender, age" in said


def test_missing_run_is_refused(refused, tmp_path):
    assert "no run folder" in refused(Keras2Model(ROWS).write(tmp_path / "weights.h5"), like=tmp_path / "absent")


def test_vocabulary_of_another_size_is_refused(refused, small_run, tmp_path):
    vocab = shutil.copytree(small_run / "vocab", tmp_path / "vocab")
    (vocab / "item.txt").write_text("only\n")
    said = refused(Keras2Model(ROWS).write(tmp_path / "weights.h5"), "--vocab", str(vocab))
    assert "item.txt holds 1 keys, which with padding and out-of-vocabulary are 3 rows; the table has 51" in said


def test_folder_that_exists_is_refused(script, small_run, tmp_path, capsys):
    weights = Keras2Model(ROWS).write(tmp_path / "weights.h5")
    assert script.main([str(weights), str(small_run), "--out", str(small_run)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_script_runs_from_anywhere(tmp_path):
    command = [sys.executable, str(EXAMPLES / "import_keras2_weights" / "import_keras2_weights.py")]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(
        [*command, "absent.h5", "--out", "run"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no weights file at absent.h5\nhint:  ")
    assert list(Path(tmp_path).iterdir()) == []
