"""A log with everything at once: what is fed fits the specs."""

import numpy as np
import pytest

from bstkit.config.features import Features
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import batches, take
from bstkit.data.feeding.negatives import negatives_of
from bstkit.inputs import InputSpec, input_specs, negative_specs


@pytest.fixture(scope="module")
def dataset(rich_log) -> Dataset:
    return load_dataset(rich_log, features_for(rich_log))


def every_input(features: Features, sessions: tuple[str, ...]) -> tuple[InputSpec, ...]:
    served = input_specs(features, ages=("hist",), weights=("hist", "tags"), sessions=sessions)
    return (*served, *negative_specs(features, ("hist",)))


@pytest.mark.parametrize("sessions", [(), ("hist",)], ids=["flat", "sessions"])
def test_inputs_have_the_dtypes_dimensions_and_ranges_of_the_specs(dataset: Dataset, sessions: tuple[str, ...]) -> None:
    specs = every_input(dataset.features, sessions)
    made = take(dataset, dataset.rows("train")[::7], specs, negatives_of(dataset, specs), np.random.default_rng(0))
    sizes: dict[tuple[str, str], int] = {}
    for spec in specs:
        array = made[spec.name]
        assert array.dtype.name == spec.dtype
        assert array.ndim == len(spec.dims)
        for dim, size in zip(spec.dims, array.shape, strict=True):
            cut = "cut" if len(spec.dims) == 3 else "flat"  # negatives stay flat
            assert sizes.setdefault((dim, cut) if dim != "batch" else (dim, ""), size) == size
        if spec.space is not None:
            assert 0 <= array.min() <= array.max() < dataset.features.spaces[spec.space].rows


@pytest.mark.parametrize("sessions", [(), ("hist",)], ids=["flat", "sessions"])
def test_padding_is_the_same_in_every_input_of_a_history(dataset: Dataset, sessions: tuple[str, ...]) -> None:
    """Weights and seconds of this log are above 0 wherever a step is real."""
    made = take(dataset, np.arange(300), [s for s in every_input(dataset.features, sessions) if s.role != "negative"])
    real = made["hist_item_id"] > 0
    assert 0 < real.mean() < 1
    for name in ("hist_cate_id", "hist_age_seconds", "hist_weight"):
        assert (made[name][~real] == 0).all()
    assert (made["hist_weight"][real] > 0).all()
    assert (made["tags_weight"][made["tags_tags"] == 0] == 0).all()


def test_session_holds_neighbours_in_time(dataset: Dataset) -> None:
    rows = np.arange(len(dataset.user))
    specs = input_specs(dataset.features, ages=("hist",), sessions=("hist",))
    made = take(dataset, rows, specs)
    assert made["hist_item_id"].shape[1:] == (3, 4)
    age, real = made["hist_age_seconds"], made["hist_item_id"] > 0
    inside = (age[..., :-1] - age[..., 1:])[real[..., 1:]]
    assert inside.min() >= 0
    assert inside.max() <= 1800
    last_of_first = np.where(real, age, np.iinfo(np.int32).max).min(axis=2)[:, 0]
    between = (last_of_first - age[:, 1, 0])[real[:, 1, 0]]
    assert between.min() > 1800


def test_batches_of_sessions_have_known_ranks(dataset: Dataset) -> None:
    specs = every_input(dataset.features, ("hist",))
    inputs, labels = batches(dataset, "train", specs, 32, shuffle=True).element_spec
    assert inputs["hist_weight"].shape.as_list() == [None, None, None]
    assert inputs["hist_negative_item_id"].shape.as_list() == [None, None]
    assert set(labels) == {"ctr", "cvr"}
