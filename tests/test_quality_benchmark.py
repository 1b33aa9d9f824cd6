"""`benchmarks/quality.py`: what it trains, how it goes on, and that the README shows what it wrote."""

import importlib.util
import json
from pathlib import Path

import pytest

from bstkit.compose import compose, with_rows
from bstkit.data.feature_files import features_for
from bstkit.sweep.table import COLUMNS, markdown
from tests.sweep.outcomes import outcome

ROWS = ("item_id", "cate_id", "user_id", "gender", "age")
ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "quality.py"


@pytest.fixture
def quality(monkeypatch, tmp_path):
    """The module, with made-up trainings and a place of its own for its results."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("quality", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.trained = []

    def train_once(selection, seed, data, features):
        module.trained.append((selection.recipe, selection.pooling[0].name, seed))
        return outcome(seed, 0.7)

    monkeypatch.setattr(module, "train_once", train_once)
    monkeypatch.setattr(module, "RESULTS", tmp_path / "quality.json")
    return module


def run(quality, monkeypatch, small_log, tmp_path, *options):
    monkeypatch.setattr(
        "sys.argv", ["quality.py", "--data", str(small_log), "--keep", str(tmp_path / "kept"), *options]
    )
    assert quality.main() == 0


def test_every_model_is_trained_with_every_seed_once(quality, monkeypatch, small_log, tmp_path, capsys):
    run(quality, monkeypatch, small_log, tmp_path, "--seeds", "1")
    run(quality, monkeypatch, small_log, tmp_path, "--seeds", "2")
    assert len(quality.trained) == len(set(quality.trained)) == 2 * len(quality.MODELS)
    report = json.loads((tmp_path / "quality.json").read_text())
    assert [row[0] for row in report["table"]] == [*quality.MODELS, "popularity", "constant"]
    assert markdown("test rows", report["table"]) in capsys.readouterr().out


def test_some_models_alone_write_no_results(quality, monkeypatch, small_log, tmp_path):
    run(quality, monkeypatch, small_log, tmp_path, "--models", "din")
    assert {one[0] for one in quality.trained} == {"din"}
    assert not (tmp_path / "quality.json").exists()


def test_without_a_log_it_says_how_to_get_one(quality, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["quality.py", "--data", "nowhere"])
    with pytest.raises(SystemExit) as caught:
        quality.main()
    assert caught.value.code == 2
    assert "bstkit data fetch movielens-100k" in capsys.readouterr().err


def test_all_models_have_one_width_and_one_head(quality):
    features = with_rows(quality.small(features_for(None)), dict.fromkeys(ROWS, 10))
    assert {space.dim for space in features.spaces.values()} == {16}
    for name, selection in quality.selections().items():
        composed = compose(selection, features)
        assert {layer.output_dim for layer in composed.serving.layers if hasattr(layer, "output_dim")} == {16}, name
        assert selection.head.parameters["units"] == [64, 32], name


def test_readme_shows_the_table_that_the_benchmark_wrote():
    report = json.loads((ROOT / "benchmarks" / "results" / "quality.json").read_text())
    assert report["columns"] == ["model", *COLUMNS]
    assert {len(found) for found in report["outcomes"].values()} == {5}
    assert markdown("test rows", report["table"]) in (ROOT / "README.md").read_text()
