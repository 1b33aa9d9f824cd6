"""Which features file goes with a log."""

import re
from pathlib import Path

import pytest

from bstkit.config.features_file import features_from_toml, load_features
from bstkit.data.feature_files import features_for, packaged_features
from bstkit.data.layouts import LAYOUTS
from bstkit.errors import DataError

PACKAGED = sorted(file.stem for file in packaged_features("embedded").parent.glob("*.toml"))


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_file_is_valid(name: str) -> None:
    assert load_features(packaged_features(name)).tasks == ("ctr",)


def test_embedded_features_fit_the_seed_model() -> None:
    features = features_for(None)
    assert list(features.target) == ["item_id", "cate_id"]
    assert list(features.context) == ["user_id", "gender", "age"]
    assert {space.dim for space in features.spaces.values()} == {64}
    assert features.history["hist"].max_length == 50


def test_movielens_folder_brings_its_features(tmp_path: Path) -> None:
    (tmp_path / "ml-100k.inter").write_text("")
    assert features_for(tmp_path) == load_features(packaged_features("movielens"))
    assert features_for(tmp_path / "ml-100k.inter") == features_for(tmp_path)


@pytest.mark.parametrize("name", ["embedded", "movielens"])
def test_packaged_file_is_ready_for_sessions_and_objectives(name: str) -> None:
    history = load_features(packaged_features(name)).history["hist"]
    assert (history.session_gap_s, history.negatives) == (1800, "uniform")


def test_every_file_goes_with_a_layout() -> None:
    assert {layout.features for layout in LAYOUTS} - {None} == set(PACKAGED) - {"embedded"}


@pytest.mark.parametrize("name", ["embedded", "movielens", "movielens_original", "movielens_large"])
def test_commented_tables_are_what_the_file_may_hold(name: str) -> None:
    """Whoever takes the comment signs away, and adds the space that the comment names, has a valid file."""
    text = packaged_features(name).read_text(encoding="utf-8")
    text = re.sub(r"(?m)^# (\[history|\w+ +=)", r"\1", text)
    text = text.replace("[spaces]", "[spaces]\ntag = { dim = 16 }\ngenre = { dim = 16 }", 1)
    features = features_from_toml(text)
    assert [history.source for history in features.history.values()] == ["events", "row"]


def test_movielens_age_has_ten_buckets() -> None:
    age = load_features(packaged_features("movielens")).context["age"]
    assert len(age.edges) + 1 == 10


def test_neighbouring_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "ml-100k.inter").write_text("")
    (tmp_path / "features.toml").write_text(packaged_features("embedded").read_text(encoding="utf-8"), encoding="utf-8")
    assert features_for(tmp_path) == features_for(None)


def test_pattern_finds_the_file_where_it_starts(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "log.csv").write_text("a\n1\n")
    (tmp_path / "features.toml").write_text(packaged_features("embedded").read_text(encoding="utf-8"), encoding="utf-8")
    assert features_for(tmp_path / "*" / "*.csv") == features_for(None)


def test_unknown_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="nothing says what the columns") as caught:
        features_for(tmp_path / "log.csv")
    assert "features.toml" in caught.value.hint


def test_missing_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file or folder"):
        features_for(tmp_path / "nothing")
