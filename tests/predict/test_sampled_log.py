"""A log of interactions only, from `[sampling]` to a verified bundle that says how its negatives were drawn."""

import csv
import json

import duckdb
import pytest

import bstkit
from bstkit.build import build
from bstkit.bundle.card import CARD
from bstkit.config.features import LogColumns, Sampling
from tests.small_log import small_features


@pytest.fixture(scope="module")
def clicks(small_log, tmp_path_factory):
    """The clicks of the small log, without the column that says so."""
    path = tmp_path_factory.mktemp("clicks") / "clicks.csv"
    with small_log.open(newline="") as file, path.open("w", newline="") as clicked:
        rows = csv.DictReader(file)
        kept = [name for name in rows.fieldnames if name != "click"]
        writer = csv.DictWriter(clicked, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row for row in rows if row["click"] == "1")
    return path


@pytest.fixture(scope="module")
def features():
    table = small_features()
    log = LogColumns(user=table.log.user, time=table.log.time)
    split = table.split.model_copy(update={"leave_last": 1})
    return table.model_copy(update={"log": log, "split": split, "sampling": Sampling(negatives_per_positive=2)})


@pytest.fixture(scope="module")
def sampled(clicks, features, small_selection, tmp_path_factory):
    """Trained, exported and verified."""
    settings = small_selection.train.model_copy(update={"epochs": 1})
    selection = small_selection.model_copy(update={"train": settings})
    return build(selection, tmp_path_factory.mktemp("sampled") / "run", data=clicks, features=features)


def test_two_in_three_rows_are_sampled(sampled):
    test = sampled.run.metrics["test"]["ctr"]
    assert test["rows"] == sampled.run.metrics["rows"]["test"]
    assert sampled.run.heldout_labels["ctr"].mean() == pytest.approx(1 / 3, abs=0.05)


def test_bundle_says_how_negatives_were_drawn(sampled):
    stated = sampled.run.features.sampling.model_dump()
    assert stated["negatives_per_positive"] == 2
    assert 0 < stated["rate"] < 1
    assert json.loads((sampled.run.bundle / "report.json").read_bytes())["data"]["sampling"] == stated
    assert f"a share w = {stated['rate']:.3g} of all" in (sampled.run.bundle / CARD).read_text(encoding="utf-8")


def test_scores_of_the_log_have_no_labels_beside_them(sampled, clicks, features, tmp_path):
    bstkit.predict(sampled.run.folder, clicks, tmp_path / "run.parquet")
    bstkit.predict(sampled.run.bundle, clicks, tmp_path / "bundle.parquet", features=features)
    for name in ("run", "bundle"):
        found = duckdb.sql(f"SELECT * FROM '{tmp_path / name}.parquet'")
        assert found.columns == ["row", "user", "time", "ctr", "ctr_logit"]
        assert len(found.fetchall()) == len(clicks.read_text().splitlines()) - 1
