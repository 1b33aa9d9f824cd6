"""What the import of a Keras 2 file refuses, leaving nothing behind."""

import re
import shutil

import h5py
import numpy as np
import pytest

from bstkit.config.features import ContextNumeric
from bstkit.config.selection import Use
from tests.examples.keras2_model import Keras2Model
from tests.examples.small_bst import ROWS, context_ids, small_bst, write_small_run


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
