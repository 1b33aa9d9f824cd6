"""`build` on a log with everything: a multi-valued column, weights, negatives, two tasks with missing labels."""

import csv

SMALL = ("--set", "head.units=[16]", "--set", "train.epochs=1", "--set", "train.batch_size=128")


def test_dien_is_trained_exported_and_verified(run, rich_log, tmp_path):
    features = rich_log.parent / "features.toml"
    data = ("--data", str(rich_log), "--features", str(features))
    done = run("build", "--recipe", "dien", *data, "--out", "run", "--json", *SMALL)
    assert done.code == 0, done.err
    assert set(done.json["test"]) == {"ctr", "cvr"}
    assert done.json["test"]["cvr"]["rows"] < done.json["test"]["ctr"]["rows"]
    outputs = done.json["export"]["outputs"]
    assert set(outputs) == {"ctr", "cvr", "ctr_logit", "cvr_logit"}
    assert max(outputs["ctr"]["max_abs"], outputs["cvr"]["max_abs"]) <= 1e-5
    with (tmp_path / "run" / "history.csv").open(newline="") as file:
        [epoch] = csv.DictReader(file)
    assert {"val_ctr_auc", "val_cvr_auc", "val_log_loss"} <= set(epoch)
