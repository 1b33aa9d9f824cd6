"""The section of a run that started with another one's weights."""

from bstkit.report.page import page
from bstkit.report.warm_start import warm_start_section
from tests.report.reader import read
from tests.report.records import epochs, record

ORIGIN = {
    "run": "june",
    "weights_sha256": "0" * 64,
    "created": None,
    "data_sha256": "1" * 64,
    "tables": {"item": {"kept": 1200, "new": 30, "dropped": 4}},
    "statistics": ["price"],
    "fresh": ["head_mlp/ctr_logit/kernel"],
    "validation": {"ctr": {"log_loss": 0.5, "auc": None}},
}


def test_section_says_what_was_taken(tmp_path):
    tree = read(page(record(tmp_path, history=epochs(0.5), provenance={"init_from": ORIGIN})))
    assert [one.text for one in tree.all("h2")][:2] == ["Data", "Warm start"]
    text = tree.all("section")[1].text
    for part in ("june", "0" * 64, "1" * 64, "item", "1,200", "30", "price", "head_mlp/ctr_logit/kernel", "0.5000"):
        assert part in text
    assert "AUC" not in text  # one class has none


def test_cold_start_has_no_section(tmp_path):
    assert warm_start_section(record(tmp_path)) == ""
