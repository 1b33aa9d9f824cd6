"""Our layers give DeepCTR's own numbers: outputs, gradients, moving statistics; and the replay notices when not."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bstkit.layers.deepctr_names import DEEPCTR
from tests.golden import __main__ as command
from tests.golden import cases
from tests.golden.adapters import MODULES
from tests.golden.replay import replay

SUBSET = Path(__file__).parent / "files"
WHOLE = Path(os.environ.get("BSTKIT_GOLDEN", Path(__file__).parents[3] / "shared" / "golden"))
IN_SUBSET = {path.name for path in cases.paths(SUBSET)}
FURTHER = [path for path in cases.paths(WHOLE) if path.name not in IN_SUBSET]
needs_whole_set = pytest.mark.skipif(not cases.paths(WHOLE), reason="the whole golden set is not here: BSTKIT_GOLDEN")


def assert_agrees(path):
    """Every value within its tolerance; in Transformer files some are set apart by float32 rounding, see `replay`."""
    result = replay(cases.load(path))
    assert result.passed, result.reason
    assert not result.rounded or result.layer == "Transformer", f"{result.rounded} values agree by rounding only"


@pytest.mark.parametrize("path", cases.paths(SUBSET), ids=lambda path: path.stem)
def test_layer_gives_deepctrs_numbers(path):
    assert_agrees(path)


@needs_whole_set
@pytest.mark.parametrize("path", FURTHER, ids=lambda path: path.stem)
def test_layer_gives_deepctrs_numbers_in_the_whole_set(path):
    assert_agrees(path)


@needs_whole_set
def test_whole_set_holds_the_subset():
    whole = {path.name: path for path in cases.paths(WHOLE)}
    for path in cases.paths(SUBSET):
        assert path.read_bytes() == whole[path.name].read_bytes()


def test_subset_is_small_and_covers_every_layer_style_and_tag():
    paths = cases.paths(SUBSET)
    assert sum(path.stat().st_size for path in paths) <= 2_500_000
    loaded = [cases.load(path) for path in paths]
    assert {case.layer for case in loaded} == set(MODULES) == {*DEEPCTR, "model"}
    assert {case.style for case in loaded} == {"len", "mask", "nomask", "model"}
    tags = {"empty_row", "quirk", "bug", "large", "nan_in_padding", "ties", "len_dtype", "training"}
    assert set().union(*(case.tags for case in loaded)) >= tags


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("AttentionSequencePoolingLayer__relu_norm0_score0_mask_holes", "local_att/dnn/kernel0"),
        ("DNN__relu_bn1", "bn1/gamma"),
        ("Dice__3d_infer", "moving_variance"),
        ("DynamicGRU__AUGRU_seq1_unitsNone_std_attprob", "gate_kernel"),
        ("PositionEncoding__zp0_scale1_rand_T7E8", "lookup_table"),
        ("model__BST_t2_bn0", "transformer_1/position_encoding_1/lookup_table:0"),
        ("model__DIEN_AUGRU_neg", "dnn/kernel1:0"),
        ("model__DIN_dice_norm1", "sparse_seq_emb_tags/embeddings:0"),
        ("model__DSIN_bias1", "bi_lstm/lstm_3/lstm_cell_3/bias:0"),
    ],
)
def test_broken_weight_is_noticed(name, weight):
    case = cases.load(SUBSET / f"{name}.npz")
    broken = case.weights[weight].copy()
    broken += 0.05
    result = replay(replace(case, weights={**case.weights, weight: broken}))
    assert not result.passed
    assert re.search(r"output (y|pred|aux_loss) differs", result.reason)


@pytest.mark.parametrize("kind", ["outputs", "input_gradients", "weight_gradients", "weights_after"])
def test_one_wrong_number_is_noticed_wherever_it_stands(kind):
    case = cases.load(SUBSET / "DNN__sigmoid_bn1_train.npz")
    arrays = dict(getattr(case, kind))
    name, array = next(iter(arrays.items()))
    arrays[name] = array.copy()
    arrays[name].flat[-1] += 0.01 + 0.01 * abs(array.flat[-1])
    assert not replay(replace(case, **{kind: arrays})).passed


def test_nan_must_stand_where_deepctr_has_it():
    case = cases.load(SUBSET / "SequencePoolingLayer__sum_len_nanpad.npz")
    assert replay(case).passed
    finite = {"y": np.nan_to_num(case.outputs["y"])}
    assert "NaN or infinite at other places" in replay(replace(case, outputs=finite)).reason


def folder_of(tmp_path, *names):
    for name in names:
        (tmp_path / f"{name}.npz").write_bytes((SUBSET / f"{name}.npz").read_bytes())
    return str(tmp_path)


def test_command_prints_counts_and_differences_by_layer(tmp_path, capsys):
    folder = folder_of(tmp_path, "KMaxPooling__ties", "Dice__train")
    assert command.main([folder]) == 0
    out = capsys.readouterr().out
    assert "Dice" in out
    assert out.endswith("2/2 passed\n")
    assert command.main([folder, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["total"], report["failed"]) == (2, 2, {})
    assert report["layers"]["KMaxPooling"]["max_diff"] == 0.0


def test_command_counts_what_it_cannot_replay_as_failed(tmp_path, capsys):
    folder = folder_of(tmp_path, "KMaxPooling__ties")
    (tmp_path / "Transformer__damaged.npz").write_bytes(b"PK not a golden file")
    meta = {"layer": "New", "config": {}, "style": "len", "tags": [], "outputs": []}
    np.savez(tmp_path / "New__one.npz", meta=json.dumps(meta))
    assert command.main([folder, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["total"]) == (1, 3)
    assert "cannot be read" in report["failed"]["Transformer__damaged"]
    assert report["failed"]["New__one"] == "no layer of ours plays New yet"


def test_rounding_fails_a_file_unless_it_is_allowed(tmp_path, monkeypatch, capsys):
    folder = folder_of(tmp_path, "KMaxPooling__ties")
    monkeypatch.setattr(command, "replay", lambda case: replace(replay(case), rounded=2))
    assert command.main([folder]) == 1
    assert "2 values agree only in proportion" in capsys.readouterr().out
    assert command.main([folder, "--allow-rounding"]) == 0
    assert "1 of them by rounding" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["", "missing"])
def test_command_without_files_could_not_run(folder, tmp_path, capsys):
    assert command.main([str(tmp_path / folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
