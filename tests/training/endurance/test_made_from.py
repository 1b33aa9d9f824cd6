"""What may go on from what."""

from dataclasses import replace

import pytest

from bstkit.config.selection import Selection
from bstkit.training.endurance.made_from import MadeFrom, data_changes, package_changes, selection_changes
from tests.small_log import small_features


@pytest.fixture
def before(small_selection: Selection) -> MadeFrom:
    return MadeFrom(small_selection, small_features(), "digest", {"keras": "3.15.1"}, "weights")


def test_the_same_again_may_go_on(before):
    assert data_changes(before, before) == package_changes(before, before) == []
    assert selection_changes(before.selection, before.selection) == []


def test_other_weights_at_the_start_are_another_training(before):
    assert data_changes(before, replace(before, weights="")) == ["--init-from: it began with other weights"]


def test_other_data_and_features_are_named(before):
    features = before.features.model_copy(
        update={"history": {"hist": before.features.history["hist"].model_copy(update={"max_length": 9})}}
    )
    assert data_changes(before, replace(before, data="other", features=features)) == [
        "features.history.hist.max_length: 8 then, 9 now",
        "the data: other rows, ids, labels or splits",
    ]


def test_other_versions_are_named(before):
    assert package_changes(before, replace(before, packages={"keras": "3.16"})) == ["keras: 3.15.1 then, 3.16 now"]


def test_settings_without_effect_may_differ(before):
    def changes(**settings):
        train = before.selection.train.model_copy(update=settings)
        return selection_changes(before.selection, before.selection.model_copy(update={"train": train}))

    assert changes(checkpoint_steps=7) == []
    assert changes(learning_rate=0.5) == ["train.learning_rate: 0.001 then, 0.5 now"]
