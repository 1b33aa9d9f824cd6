"""`--ids raw`, from a log to a file that takes the log's own ids."""

import shutil

import numpy as np
import onnxruntime
import pytest

from tests.small_log import SETTINGS

SMALL = [word for setting in SETTINGS for word in ("--set", setting)]


@pytest.fixture
def trained(built, tmp_path):
    """A copy of the small run, its encoded export included."""
    return shutil.copytree(built.run.folder, tmp_path / "copy")


def test_export_and_verify_with_raw_ids(run, trained, tmp_path):
    done = run("export", str(trained), "--ids", "raw", "--out", "raw")
    assert done.code == 0, done.err
    assert "raw: int64 " in done.out
    assert (tmp_path / "raw" / "model.onnx").is_file()

    again = run("verify", str(trained), "--model", "raw/model.onnx", "--json")
    assert again.code == 0, again.err
    assert again.json["ids"] == "raw"
    assert again.json["id_dtypes"]["hist_item_id"] == "int64"
    assert "id_out_of_range" in again.json["cases"]

    encoded = run("verify", str(trained))
    assert "encoded: int32 " in encoded.out


def test_vocabulary_of_the_run_that_changed_is_a_no(run, trained):
    assert run("export", str(trained), "--ids", "raw", "--out", "raw").code == 0
    path = trained / "vocab" / "item.txt"
    first, second, *rest = path.read_text().splitlines()
    path.write_text("\n".join([second, first, *rest, ""]))
    done = run("verify", str(trained), "--model", "raw/model.onnx")
    assert done.code == 1
    assert "ONNX Runtime and TensorFlow differ" in done.err
    assert f"keys_int64s[1] {first} instead of {second}" in done.err


def test_space_without_a_vocabulary_could_not_run(run, trained, tmp_path):
    (trained / "vocab" / "cate.txt").unlink()
    done = run("export", str(trained), "--ids", "raw", "--out", "raw")
    assert done.code == 2
    assert "id space 'cate' of input 'hist_cate_id' has no vocabulary" in done.err
    assert "vocab/cate.txt" in done.err
    assert not (tmp_path / "raw").exists()
    assert run("verify", str(trained)).code == 0  # an encoded file does not ask for it


def test_build_with_raw_ids_scores_the_log_s_own_keys(run, rich_log, tmp_path):
    """A mixed model: numbers as items and users, words as tags, several of them in a row."""
    data = ("--data", str(rich_log), "--features", str(rich_log.parent / "features.toml"))
    done = run("build", *data, "--out", "run", "--ids", "raw", "--json", *SMALL)
    assert done.code == 0, done.err
    dtypes = done.json["export"]["id_dtypes"]
    assert (done.json["export"]["ids"], dtypes["item_id"], dtypes["tags_tags"]) == ("raw", "int64", "string")

    from bstkit.artefact import load_run

    opened = load_run(tmp_path / "run")
    assert opened.selection.export.ids == "raw"
    spaces = {spec.name: spec.space for spec in opened.composed.inputs if spec.space}
    row = {name: values[:1] for name, values in opened.heldout.items()}
    keys = {name: ["", "unknown", *opened.vocabularies[space]] for name, space in spaces.items()}
    lowest = np.iinfo(np.int64).min
    raw = dict(row)
    for name, dtype in dtypes.items():
        words = np.array(keys[name], object)[row[name]]
        if dtype == "int64":
            words = np.array([{"": lowest, "unknown": -5}.get(w) or int(w) for w in words.ravel()]).reshape(words.shape)
        raw[name] = words
    session = onnxruntime.InferenceSession(opened.model, providers=["CPUExecutionProvider"])
    expected = opened.composed.serving(row)["ctr"].numpy()
    np.testing.assert_allclose(session.run(["ctr"], raw)[0], expected, atol=1e-5)


def test_another_word_for_ids_is_a_usage_error(run, trained):
    done = run("export", str(trained), "--ids", "hashed")
    assert done.code == 2
    assert "--ids" in done.err
    assert "raw" in done.err
