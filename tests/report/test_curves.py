"""Training curves."""

import pytest

from bstkit.report.curves import curves_section
from tests.report.reader import read
from tests.report.records import epochs, record


@pytest.fixture
def drawn(tmp_path):
    def draw(history, **parts):
        return read(curves_section(record(tmp_path, history=history, **parts)))

    return draw


def test_curves_have_a_point_for_every_epoch(drawn):
    tree = drawn(epochs(0.6, 0.5, 0.55))
    loss, auc = tree.all("figure")
    assert [len(one.attributes["points"].split()) for one in loss.all("polyline")] == [3, 3]
    assert [one.text.strip() for one in loss.all("li")] == ["training loss", "validation log loss"]
    assert [one.text.strip() for one in auc.all("li")] == ["AUC", "GAUC"]


def test_the_first_of_the_best_epochs_was_kept(drawn):
    assert "The weights of epoch 2 were kept" in drawn(epochs(0.6, 0.5, 0.5, 0.7)).text


def test_one_epoch_shows_as_points(drawn):
    tree = drawn(epochs(0.6))
    assert "1 epoch, ended early, of at most 20." in tree.text
    for figure in tree.all("figure"):
        assert not figure.all("polyline")
        assert figure.all("svg")[0].all("circle")


def test_numbers_that_are_not_defined_are_gaps_and_dashes(drawn):
    history = epochs(0.6, 0.5, 0.4, val_gauc=[None] * 3, val_auc=[0.5, None, 0.6])
    tree = drawn(history)
    assert not tree.all("figure")[1].all("polyline")
    rows = tree.tables()["Every epoch"]
    assert [[cell.text for cell in row[3:]] for row in rows] == [["0.5000", "-"], ["-", "-"], ["0.6000", "-"]]


def test_a_figure_without_any_number_is_left_out(drawn):
    nothing = {"val_gauc": [None], "val_auc": [None]}
    assert [one.all("strong")[0].text for one in drawn(epochs(0.6, **nothing)).all("figure")] == ["Loss by epoch"]


def test_learning_rate_has_a_figure_of_its_own(drawn):
    figure = drawn(epochs(0.6, 0.5, learning_rate=[0.001, 0.0005])).all("figure")[2]
    assert figure.all("strong")[0].text == "Learning rate by epoch"
    assert "0.0010" in [one.text for one in figure.all("text")]


def test_first_and_last_epoch_stand_off_the_frame(drawn):
    [line, _] = drawn(epochs(0.6, 0.5)).all("figure")[0].all("polyline")
    left, right = (float(point.split(",")[0]) for point in line.attributes["points"].split())
    assert left > 64 + 5
    assert right < 480 - 14 - 5


def test_other_columns_of_the_history_are_listed(drawn):
    [row] = drawn(epochs(0.6, learning_rate=[0.0005])).tables()["Every epoch"]
    assert row[-1].text == "0.0005"


def test_columns_are_named_in_words(tmp_path):
    section = read(curves_section(record(tmp_path, history=epochs(0.6, val_cvr_gauc=[0.5]))))
    assert [one.text for one in section.all("thead")[0].all("th")] == [
        "epoch",
        "loss",
        "validation log loss",
        "validation AUC",
        "validation GAUC",
        "validation cvr GAUC",
    ]
