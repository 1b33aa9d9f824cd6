"""The embedded click log: repeatable, noisy, and such that the order of behaviours matters."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bstkit.data.baselines import baselines
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.leaks import check_leaks
from bstkit.data.synthetic import Sizes, click_log

SMALL = Sizes(users=60, items=200)


@pytest.fixture(scope="module")
def embedded() -> Dataset:
    return load_dataset(None, features_for(None))


def test_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    first, again, other = click_log(3, SMALL), click_log(3, SMALL), click_log(4, SMALL)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["item_id"], other["item_id"])


def test_rows_stand_in_the_order_of_time_with_equal_seconds_among_them() -> None:
    log = click_log(0, SMALL)
    assert np.all(np.diff(log["timestamp"]) >= 0)
    pairs = np.stack([np.unique(log["user_id"], return_inverse=True)[1], log["timestamp"]], axis=1)
    assert len(np.unique(pairs, axis=0)) < len(pairs)


def test_every_item_has_one_category() -> None:
    log = click_log(0, SMALL)
    pairs = np.unique(np.stack([log["item_id"].astype(str), log["cate_id"]], axis=1), axis=0)
    assert len(pairs) == len(np.unique(log["item_id"]))


def test_size_suits_a_first_run(embedded: Dataset) -> None:
    assert 40_000 <= len(embedded.user) <= 100_000
    assert 0.2 < embedded.labels["ctr"].mean() < 0.5
    check_leaks(embedded)


def test_some_users_have_too_few_events_for_the_split(embedded: Dataset) -> None:
    per_user = np.bincount(embedded.user)
    assert 0 < (per_user < 20).mean() < 0.2


def test_popularity_helps_a_little(embedded: Dataset) -> None:
    auc = baselines(embedded, "test")["popularity"]["ctr"].auc
    assert auc is not None
    assert 0.55 < auc < 0.63


def test_recent_clicks_tell_more_than_all_of_them(embedded: Dataset) -> None:
    """The share of the candidate's shelf among the last three clicks ranks better than its share among all clicks."""
    rows = embedded.rows("test")
    shelf = np.array([0, 0, *(ord(key[0]) for key in embedded.vocabularies["cate"])])
    events = embedded.history["hist"]
    clicked = shelf[events.ids["cate_id"]]

    def share(row: int, last: int) -> float:
        slice_ = clicked[max(events.start[row], events.end[row] - last) : events.end[row]]
        return float(np.mean(slice_ == shelf[embedded.target["cate_id"][row]])) if len(slice_) else 0.0

    labels = embedded.labels["ctr"][rows]
    recent, all_clicks = (roc_auc_score(labels, [share(row, last) for row in rows]) for last in (3, 10**6))
    assert recent > all_clicks + 0.03
    assert 0.65 < recent < 0.85
