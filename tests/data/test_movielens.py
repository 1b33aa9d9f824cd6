"""MovieLens-100k as RecBole brings it. Its licence forbids passing it on, so it is read from where it is installed."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import History, Space
from bstkit.data.baselines import baselines
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.leaks import check_leaks


def movielens_folder() -> Path | None:
    """Return the folder named by BSTKIT_MOVIELENS, else that of an installed recbole, without importing it."""
    if named := os.environ.get("BSTKIT_MOVIELENS"):
        return Path(named)
    spec = importlib.util.find_spec("recbole")
    for root in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(root) / "dataset_example" / "ml-100k"
        if folder.is_dir():
            return folder
    return None


FOLDER = movielens_folder()
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="MovieLens-100k is not here: pip install --no-deps recbole==1.2.1, or set BSTKIT_MOVIELENS"
)


@pytest.fixture(scope="module")
def movielens() -> Dataset:
    return load_dataset(FOLDER, features_for(FOLDER))


def test_every_rating_user_and_film_is_read(movielens: Dataset) -> None:
    assert len(movielens.user) == 100_000
    assert movielens.user.max() == 942
    assert len(movielens.rows("test")) == len(movielens.rows("validation")) == 9_430
    check_leaks(movielens)


def test_rating_of_four_or_more_is_a_click(movielens: Dataset) -> None:
    assert movielens.labels["ctr"].sum() == 55_375


def test_category_is_the_first_genre(movielens: Dataset) -> None:
    assert {"Drama", "Comedy", "Action"} <= set(movielens.vocabularies["cate"])
    assert len(movielens.vocabularies["cate"]) <= 19


def test_ages_are_numbers(movielens: Dataset) -> None:
    ages = movielens.context["age"]
    assert (ages.min(), ages.max()) == (7.0, 73.0)
    assert not np.isnan(ages).any()


def test_baselines_cover_most_users(movielens: Dataset) -> None:
    scored = baselines(movielens, "test")["popularity"]["ctr"]
    assert scored.gauc_users > 750
    assert scored.auc is not None
    assert 0.70 < scored.auc < 0.76


def test_genres_are_a_multi_valued_column() -> None:
    """Every row's values are what the film's line says."""
    features = features_for(FOLDER)
    genres = History(source="row", fields={"class": "genre"}, max_length=6)
    features = features.model_copy(
        update={
            "spaces": {**features.spaces, "genre": Space(dim=8)},
            "history": {**features.history, "genres": genres},
        }
    )
    dataset = load_dataset(FOLDER, features)
    assert FOLDER is not None
    films = (line.split("\t") for line in (FOLDER / "ml-100k.item").read_text(encoding="utf-8").splitlines()[1:])
    by_film = {cells[0]: cells[3].split() for cells in films}
    rows = [line.split("\t")[1] for line in (FOLDER / "ml-100k.inter").read_text(encoding="utf-8").splitlines()[1:]]
    steps, keys = dataset.history["genres"], ("", "?", *dataset.vocabularies["genre"])
    for row in range(0, 100_000, 97):
        found = [keys[i] for i in steps.ids["class"][steps.start[row] : steps.end[row]]]
        assert found == by_film[rows[dataset.row[row]]]
    assert len(dataset.vocabularies["genre"]) == 19
    assert int((steps.end - steps.start).max()) == 6


def test_people_rate_in_sittings(movielens: Dataset) -> None:
    """The packaged gap cuts few pauses, and a much longer one cuts hardly fewer."""
    pauses = np.diff(movielens.time)[np.diff(movielens.user) == 0]
    gap = movielens.features.history["hist"].session_gap_s
    assert 0.01 < (pauses > 24 * gap).mean() < (pauses > gap).mean() < 0.02
