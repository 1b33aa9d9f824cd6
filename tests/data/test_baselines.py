"""Baselines: popularity and a constant."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bstkit.data.baselines import base_rate, baselines, click_rates
from bstkit.data.dataset import Dataset, load_dataset
from tests.data.logs import plain_features, write_plain


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    rows = [
        (user, time, item, click)
        for user in "uv"
        for time, (item, click) in enumerate([("a", 1), ("a", 1), ("b", 0), ("a", 0), ("a", 1), ("new", 0)])
    ]
    return load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())


def test_click_rate_is_smoothed_towards_the_base_rate(dataset: Dataset) -> None:
    assert base_rate(dataset, "ctr") == pytest.approx(0.5)
    rates = click_rates(dataset, "ctr")
    by_key = dict(zip(dataset.vocabularies["item"], rates[2:], strict=True))
    assert by_key == {"a": pytest.approx((4 + 5) / (6 + 10)), "b": pytest.approx(5 / (2 + 10))}
    assert rates[1] == pytest.approx(0.5)


def test_both_baselines_are_scored_on_the_split(dataset: Dataset) -> None:
    scored = baselines(dataset, "validation")
    assert set(scored) == {"popularity", "constant"}
    assert scored["popularity"]["ctr"].rows == 2
    assert scored["constant"]["ctr"].auc is None
    assert scored["constant"]["ctr"].log_loss == pytest.approx(np.log(2))


def test_nothing_but_training_rows_is_learned_from(dataset: Dataset) -> None:
    labels = dataset.labels["ctr"].copy()
    labels[dataset.rows("test")] = 1
    labels[dataset.rows("validation")] = 0
    changed = replace(dataset, labels={"ctr": labels})
    assert np.array_equal(click_rates(changed, "ctr"), click_rates(dataset, "ctr"))


def test_constant_has_an_auc_of_one_half(tmp_path: Path) -> None:
    rows = [(user, time, "a", (time + number) % 2) for number, user in enumerate("uv") for time in range(6)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain_features())
    assert baselines(dataset, "test")["constant"]["ctr"].auc == 0.5
