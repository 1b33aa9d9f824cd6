"""report.html of a run that was trained and exported."""

import csv
import json
import re
import shutil
import sys

import numpy as np
import pytest

from bstkit.artefact import load_run
from bstkit.build import export_run
from bstkit.errors import RunError
from bstkit.report import REPORT, write_report
from bstkit.report.page import page
from tests.report.reader import number, numbers, read
from tests.report.records import epochs, record

HOSTILE = "<script>alert('x')</script>&\"><img src=x onerror=y>"


@pytest.fixture(scope="module")
def text(built):
    return (built.run.folder / REPORT).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(text):
    return read(text)


@pytest.fixture(scope="module")
def export(built):
    return json.loads((built.run.bundle / "report.json").read_bytes())


@pytest.fixture
def copied(built, tmp_path):
    """A run to be changed."""
    return shutil.copytree(built.run.folder, tmp_path / "copied")


def test_every_section_is_there(tree):
    assert [one.text for one in tree.all("h2")] == [
        "Data",
        "Composition",
        "Training",
        "Quality",
        "Calibration",
        "Scores",
        "Parity",
        "Environment",
    ]
    assert tree.all("h1")[0].text == "bst_small"
    assert "exported and verified" in tree.all("header")[0].text


def test_every_figure_says_what_it_shows(tree):
    figures = tree.all("figure")
    assert len(figures) == 7  # composition, three of curves, calibration, scores, parity
    for one in figures[1:]:
        drawing = one.all("svg")[0]
        assert drawing.attributes["role"] == "img"
        assert drawing.attributes["aria-label"] == drawing.all("title")[0].text == one.all("strong")[0].text
    assert figures[0].attributes["aria-label"]


def test_page_loads_and_runs_nothing(tree, text):
    assert not {one.tag for one in tree.everything()} & {"script", "link", "img", "iframe", "object", "base"}
    loading = {"src", "href", "xlink:href", "srcset", "data", "action", "background"}
    for one in tree.everything():
        assert not loading & set(one.attributes)
        assert not [name for name in one.attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", text)


def _luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    light = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(one * weight for one, weight in zip(light, (0.2126, 0.7152, 0.0722), strict=True))


def test_every_colour_of_a_figure_has_one_on_a_dark_screen_that_can_be_seen(tree, text):
    _, _, dark = text.partition("@media screen and (prefers-color-scheme: dark)")
    paper = re.search(r"--paper: (#\w{6})", dark)[1]
    becomes = {(name, old): new for name, old, new in re.findall(r'\[(\w+)="(#\w{6})"\] {\s*\w+: (#\w{6})', dark)}
    used = {
        (name, one.attributes[name])
        for one in tree.everything()
        for name in ("stroke", "fill")
        if one.attributes.get(name, "none") != "none"
    }
    assert {("stroke", "#0072b2"), ("fill", "#9ecae9")} < used
    assert used <= becomes.keys()
    for (name, old), new in becomes.items():
        seen = (_luminance(new) + 0.05) / (_luminance(paper) + 0.05)
        if old not in ("#e3e3e3", "#ffffff", "#9ecae9"):  # grid, gaps and the fill of bars, whose outline is seen
            assert seen >= 4.5, (name, old, new)


def test_metrics_are_those_of_metrics_json(tree, built):
    rows = tree.tables()["ctr on the test rows"]
    scored = {"model": built.run.metrics["test"], **built.run.metrics["baselines"]}
    assert [row[0].text for row in rows] == list(scored)
    for row, by_task in zip(rows, scored.values(), strict=True):
        found = by_task["ctr"]
        assert [number(row[place]) for place in (1, 2, 4)] == [found[name] for name in ("auc", "gauc", "log_loss")]
        assert (row[3].text, row[5].text) == (f"{found['gauc_users']:,}", f"{found['rows']:,}")


def test_epochs_are_those_of_history_csv(tree, built):
    with (built.run.folder / "history.csv").open(newline="") as file:
        history = list(csv.reader(file))[1:]
    rows = tree.tables()["Every epoch"]
    assert [[row[0].text, *numbers(row)] for row in rows] == [[one[0], *map(float, one[1:])] for one in history]


def test_parity_is_that_of_report_json(tree, export):
    rows = tree.tables()["By case and output, over every provider and level"]
    expected = [(case, output) for case, by_output in export["by_case"].items() for output in by_output]
    assert [(row[0].text, row[1].text) for row in rows] == expected
    for row, (case, output) in zip(rows, expected, strict=True):
        found = export["by_case"][case][output]
        assert float(row[2].text) == export["tolerances"][output]["atol"]
        assert [number(cell) for cell in row[3:7]] == [
            found[name] for name in ("max_abs", "mean_abs", "p99_abs", "max_rel")
        ]
        assert [row[place].text for place in (7, 8, 9)] == [f"{found['max_ulp']:,}", "0", "0"]
    ran = tree.tables()["Nodes that ran, counted in ONNX Runtime's own profile"]
    assert {row[1].text for row in ran} == {"disable", "basic", "extended", "all"}
    assert all("CPUExecutionProvider" in row[2].text for row in ran)


def test_scores_of_both_sides_are_counted(tree, built, export):
    rows = tree.tables()["Held-out rows by score of ctr"]
    counts = np.array([[int(cell.text.replace(",", "")) for cell in row[1:]] for row in rows])
    found = export["distributions"]["ctr"]
    assert counts[:, 0].tolist() == found["tensorflow"]
    assert counts[:, 1].tolist() == found["providers"]["cpu"]
    assert counts.sum(0).tolist() == [len(built.run.heldout_scores["ctr"])] * 2
    ours = np.histogram(built.run.heldout_scores["ctr"].astype(np.float64), found["edges"])[0]
    assert np.abs(counts[:, 0] - ours).sum() <= 2  # a row at an edge


def test_calibration_is_of_the_served_model(tree, built):
    run = built.run
    scores = run.composed.serving(run.heldout)["ctr"].numpy()[:, 0]
    np.testing.assert_allclose(run.heldout_scores["ctr"], scores, atol=1e-6)
    section = next(one for one in tree.all("section") if one.all("h2")[0].text == "Calibration")
    mean, share = (float(one.attributes["value"]) for one in section.all("p")[0].all("data"))
    assert mean == pytest.approx(scores.mean(dtype=np.float64), abs=1e-6)
    assert share == pytest.approx(run.heldout_labels["ctr"].mean(dtype=np.float64), abs=1e-9)


def test_served_quality_is_that_of_report_json(tree, export):
    found = export["held_out"]["ctr"]
    [(caption, rows)] = [one for one in tree.tables().items() if one[0].startswith("ctr as it is served")]
    assert f"{found['rows']:,} held-out rows, {found['positives']:,} positive" in caption
    assert [number(rows[0][place]) for place in (1, 3)] == [found["tensorflow"][name] for name in ("auc", "log_loss")]
    names = ("auc", "auc_change", "log_loss", "log_loss_change")
    assert numbers(rows[1]) == [found["providers"]["cpu"][name] for name in names]


def test_composition_is_drawn_with_its_shapes(tree, built):
    section = next(one for one in tree.all("section") if one.all("h2")[0].text == "Composition")
    boxes = {one.all("b")[0].text: one for one in section.all("div")}
    assert "sequence (batch, time, 16)" in boxes["encoder.transformer"].text
    assert "num_heads=2" in boxes["encoder.transformer"].text
    weights = [one for one in section.all("span") if one.attributes.get("class") == "weight"]
    parameters = sum(int(one.text.split()[0].replace(",", "")) for one in weights)
    assert parameters == built.run.composed.serving.count_params()


def test_log_and_versions_are_named(tree, built):
    text = tree.text
    assert built.run.provenance["data"]["sha256"] in text
    assert "log.csv" in text
    versions = {row[0].text: [cell.text for cell in row[1:]] for row in tree.tables()["Versions"]}
    keras = built.run.provenance["packages"]["keras"]
    assert versions["keras"] == [keras, keras]
    assert versions["onnxruntime"][0] == "-"


def test_a_run_gives_the_same_bytes_wherever_it_lies(copied, text):
    assert write_report(copied).read_text(encoding="utf-8") == text


def test_run_without_a_bundle_says_so(copied):
    shutil.rmtree(copied / "bundle")
    tree = read(write_report(copied).read_text(encoding="utf-8"))
    assert "not exported" in tree.all("header")[0].text
    assert "Not exported: `bstkit export` makes the file" in tree.text
    assert "Scores of ctr: TensorFlow" in [one.text for one in tree.all("strong")]
    assert not [caption for caption in tree.tables() if "served" in caption]


def test_export_writes_the_page_again_unless_the_bundle_lies_elsewhere(copied, monkeypatch, tmp_path):
    # Through sys.modules: the package's `export` is the function of that name.
    monkeypatch.setattr(sys.modules["bstkit.export"], "export", lambda *_, **__: "a report")
    run = load_run(copied)
    (copied / REPORT).write_text("old")
    assert export_run(run, tmp_path / "elsewhere") == "a report"
    assert (copied / REPORT).read_text() == "old"
    export_run(run, copied / "bundle")
    assert read((copied / REPORT).read_text(encoding="utf-8")).all("h1")


def test_run_of_an_older_version_leaves_out_what_it_did_not_keep(copied, built):
    shutil.rmtree(copied / "bundle")
    (copied / "composition.json").unlink()
    np.savez_compressed(copied / "heldout.npz", **built.run.heldout)
    text = read(write_report(copied).read_text(encoding="utf-8")).text
    assert "this run kept no drawing" in text
    assert text.count("this run kept no scores of held-out rows") == 2


def test_bundle_of_another_version_is_one_clear_error(copied):
    before = (copied / REPORT).read_bytes()
    (copied / "bundle" / "report.json").write_text("{}")
    with pytest.raises(RunError, match="'nodes' is missing"):
        write_report(copied)
    assert (copied / REPORT).read_bytes() == before


def test_damaged_file_is_one_clear_error(copied):
    (copied / "history.csv").write_text("epoch,loss\n1,abc\n")
    with pytest.raises(RunError, match="cannot be read"):
        write_report(copied)


def test_everything_that_a_log_names_is_escaped(copied):
    for name, change in {
        "provenance.json": lambda one: one["data"].update(log=HOSTILE.replace("/", "|"), skipped={HOSTILE: 3}),
        "composition.json": lambda one: one[1].update(name=HOSTILE, note=HOSTILE, reads=HOSTILE, makes=HOSTILE),
        "metrics.json": lambda one: one.update(test={HOSTILE: one["test"]["ctr"]}, baselines={}),
        "bundle/report.json": lambda one: [
            one["by_case"].update({HOSTILE: one["by_case"]["typical"]}),
            one["tolerances"]["ctr"].update(why=HOSTILE),
            one.update(distributions={HOSTILE: one["distributions"]["ctr"]}),
        ],
    }.items():
        content = json.loads((copied / name).read_bytes())
        change(content)
        (copied / name).write_text(json.dumps(content))
    text = write_report(copied).read_text(encoding="utf-8")
    tree = read(text)
    assert not {"script", "img"} & {one.tag for one in tree.everything()}
    assert tree.text.count(HOSTILE) >= 9
    assert [one for one in tree.all("svg") if HOSTILE in one.attributes.get("aria-label", "")]
    assert not [one for one in tree.everything() if "onerror" in one.attributes]


def test_run_with_nothing_but_a_selection_has_a_page(tmp_path):
    tree = read(page(record(tmp_path)))
    assert "the weights were trained elsewhere" in tree.text
    assert len(tree.all("h2")) == 8


def test_two_tasks_have_figures_of_their_own(tmp_path):
    columns = {f"val_{task}_{name}": [0.5] for task in ("ctr", "cvr") for name in ("log_loss", "auc", "gauc")}
    one = {"auc": 0.6, "gauc": None, "gauc_users": 0, "log_loss": 0.5, "rows": 7}
    both = {"ctr": one, "cvr": one}
    labels, scores = np.array([0.0, 1.0, np.nan]), np.array([0.1, 0.2, 0.3], np.float32)
    found = record(
        tmp_path,
        two_tasks=True,
        history=epochs(0.5, **columns),
        metrics={"test": both, "baselines": {"constant": both}},
        labels={"ctr": labels, "cvr": np.full(3, np.nan)},
        scores={"ctr": scores, "cvr": scores},
    )
    tree = read(page(found))
    assert [one.text for one in tree.all("strong")] == [
        "Loss by epoch",
        "Validation AUC and GAUC by epoch",
        "Validation log loss by epoch and task",
        "Validation AUC by epoch and task",
        "Validation GAUC by epoch and task",
        "Calibration of ctr: predicted against observed",
        "Scores of ctr: TensorFlow",
        "Scores of cvr: TensorFlow",
    ]
    assert "cvr: no held-out row has this label." in tree.text
    [model, constant] = tree.tables()["cvr on the test rows"]
    assert (model[0].text, model[2].text, constant[2].text) == ("model", "-", "-")
