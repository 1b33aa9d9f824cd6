"""A log that holds keys which the small run has never seen, and the small log prepared for that run."""

import csv

import pytest

from bstkit.config.features_file import load_features
from bstkit.data.prepared.job import prepare_dataset


@pytest.fixture(scope="session")
def new_log(small_log, tmp_path_factory):
    """The small log, every fifth item and every tenth user renamed; its features beside it."""
    folder = tmp_path_factory.mktemp("new")
    (folder / "features.toml").write_bytes((small_log.parent / "features.toml").read_bytes())
    with small_log.open(newline="") as file, (folder / "log.csv").open("w", newline="") as out:
        rows = list(csv.DictReader(file))
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        for row in rows:
            item = f"new {row['item_id']}" if row["item_id"].endswith(("0", "5")) else row["item_id"]
            user = f"new {row['user_id']}" if row["user_id"].endswith("7") else row["user_id"]
            writer.writerow({**row, "item_id": item, "user_id": user})
    return folder / "log.csv"


@pytest.fixture(scope="session")
def prepared(built, small_log, tmp_path_factory):
    """The small log as a dataset with the run's ids."""
    folder = tmp_path_factory.mktemp("prepared") / "dataset"
    features = load_features(built.run.folder / "features.toml")
    prepare_dataset(small_log, folder, features, vocabularies=built.run.folder)
    return folder
