"""MovieLens-100k as RecBole brings it. Its licence forbids passing it on, so it is read from where it is installed."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

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
