"""Batches: what a model is fed."""

import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from bstkit.config.features import History
from bstkit.data import pieces
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feeding import feed
from bstkit.data.feeding.feed import batch_rows, batches, history_lengths, steps_per_epoch, take
from bstkit.inputs import input_specs
from tests.data.logs import features, write_plain, write_recbole
from tests.data.logs import plain_features as plain


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Histories with a length input, three steps at most."""
    history = {
        "hist": History(fields={"item_id": "item", "cate_id": "cate"}, max_length=3, length="hist_length", events="all")
    }
    return load_dataset(write_recbole(tmp_path_factory.mktemp("small")), features(history=history))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Many rows with histories of all lengths."""
    rows = [
        (f"u{user:03}", time, f"i{(user * time) % 17}", (user + time) % 2)
        for user in range(60)
        for time in range(user % 12 + 4)
    ]
    return load_dataset(write_plain(tmp_path_factory.mktemp("long") / "log.csv", rows), plain(max_length=8))


def test_histories_keep_the_most_recent_steps_right_padded(small: Dataset) -> None:
    made = take(small, np.array([0, 2, 6]), input_specs(small.features, ages=("hist",)))
    item = small.target["item_id"]
    assert made["hist_item_id"].tolist() == [[0, 0, 0], [item[0], item[1], 0], [item[3], item[4], item[5]]]
    assert made["hist_age_seconds"].tolist() == [[0, 0, 0], [20, 10, 0], [30, 20, 10]]
    assert made["hist_length"].tolist() == [0, 2, 3]
    assert made["item_id"].tolist() == [item[0], item[2], item[6]]
    assert made["age"].tolist() == [20.0, 20.0, 20.0]


def test_inputs_have_the_names_dtypes_and_ranks_of_the_specs(small: Dataset) -> None:
    specs = input_specs(small.features, ages=("hist",))
    made = take(small, small.rows("test"), specs)
    assert list(made) == [spec.name for spec in specs]
    for spec in specs:
        assert (made[spec.name].dtype.name, made[spec.name].ndim) == (spec.dtype, len(spec.dims))


def test_batch_of_empty_histories_has_one_padded_step(small: Dataset) -> None:
    made = take(small, np.array([0, 8]), input_specs(small.features))
    assert made["hist_item_id"].tolist() == [[0], [0]]


def test_log_without_positive_history_events_is_fed(small: Dataset, tmp_path: Path) -> None:
    rows = [("u", 0, "a", 0), ("v", 0, "a", 1), ("u", 1, "a", 0), ("u", 2, "a", 0)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain(events="positive"))
    assert take(dataset, np.arange(4), input_specs(dataset.features))["hist_item"].tolist() == [[0]] * 4


def test_ages_are_never_negative_nor_too_long(tmp_path: Path) -> None:
    rows = [("u", 0, "a", 0), ("u", 1.5, "b", 1), ("u", 5e9, "a", 0), ("u", 5e9, "b", 1)]
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), plain())
    ages = take(dataset, np.arange(4), input_specs(dataset.features, ages=("hist",)))["hist_age_seconds"]
    top = 2**31 - 1
    assert ages.tolist() == [[0, 0, 0], [1, 0, 0], [top, top, 0], [top, top, 0]]


def test_evaluation_keeps_the_order_of_the_rows(long: Dataset) -> None:
    specs = input_specs(long.features)
    fed = list(batches(long, "test", specs, 7))
    rows = long.rows("test")
    assert len(fed) == steps_per_epoch(long, "test", 7) == -(-len(rows) // 7)
    assert np.array_equal(np.concatenate([inputs["item"] for inputs, _ in fed]), long.target["item"][rows])
    labels = np.concatenate([labels["ctr"] for _, labels in fed])
    assert np.array_equal(labels[:, 0], long.labels["ctr"][rows])
    assert labels.shape == (len(rows), 1)


def test_shapes_are_known_so_that_keras_traces_once(long: Dataset) -> None:
    inputs, labels = batches(long, "train", input_specs(long.features), 16, shuffle=True).element_spec
    assert inputs["hist_item"].shape.as_list() == [None, None]
    assert inputs["item"].shape.as_list() == [None]
    assert labels["ctr"].shape.as_list() == [None, 1]


def epoch(
    dataset: Dataset, number: int, seed: int = 0, size: int = 8, first_epoch: int = 0
) -> list[dict[str, np.ndarray]]:
    """The inputs of one epoch, with a label that makes each row recognisable."""
    steps = steps_per_epoch(dataset, "train", size)
    data = batches(
        dataset, "train", input_specs(dataset.features), size, seed=seed, shuffle=True, first_epoch=first_epoch
    )
    return [
        {name: array.numpy() for name, array in inputs.items()} | {"label": labels["ctr"].numpy()}
        for inputs, labels in data.skip(number * steps).take(steps)
    ]


def same(left: list[dict[str, np.ndarray]], right: list[dict[str, np.ndarray]]) -> bool:
    return all(np.array_equal(a[name], b[name]) for a, b in zip(left, right, strict=True) for name in a)


def test_every_epoch_holds_every_training_row_once(long: Dataset) -> None:
    for number in (0, 1):
        fed = epoch(long, number)
        items = np.sort(np.concatenate([batch["item"] for batch in fed]))
        assert np.array_equal(items, np.sort(long.target["item"][long.rows("train")]))


def test_labels_travel_with_their_rows(long: Dataset) -> None:
    rows = long.rows("train")
    pairs = sorted(zip(long.target["item"][rows].tolist(), long.labels["ctr"][rows].tolist(), strict=True))
    fed = epoch(long, 0)
    assert pairs == sorted(
        (i, y) for b in fed for i, y in zip(b["item"].tolist(), b["label"][:, 0].tolist(), strict=True)
    )


def test_permutation_depends_on_seed_and_epoch_alone(long: Dataset) -> None:
    assert same(epoch(long, 1), epoch(long, 1))
    assert same(epoch(long, 1), epoch(long, 0, first_epoch=1))
    assert not same(epoch(long, 0), epoch(long, 1))
    assert not same(epoch(long, 0), epoch(long, 0, seed=1))


def test_epoch_goes_on_from_any_batch(long: Dataset) -> None:
    inputs = input_specs(long.features)
    steps = steps_per_epoch(long, "train", 8)
    feeding = {"seed": 3, "shuffle": True, "first_epoch": 1}
    whole = [one for one, _ in batches(long, "train", inputs, 8, **feeding).take(steps + 2)]
    rest = [one for one, _ in batches(long, "train", inputs, 8, **feeding, first_place=5).take(steps - 3)]
    assert same(whole[5:], rest)


def test_rows_of_a_batch_are_those_that_it_was_made_of(long: Dataset) -> None:
    inputs = input_specs(long.features)
    place = {"first_epoch": 1, "first_place": 4}
    [(made, _)] = batches(long, "train", inputs, 8, seed=3, shuffle=True, **place).take(1)
    rows = batch_rows(long, "train", inputs, 8, seed=3, epoch=1, place=4)
    again = take(long, rows, inputs)
    assert all(np.array_equal(again[name], made[name]) for name in again)


def test_shuffled_batches_hold_histories_of_like_length(long: Dataset) -> None:
    """Bucketing pads less than batches in order of chance would."""
    padded = sum(batch["hist_item"].size for batch in epoch(long, 0))
    rng = np.random.default_rng(0)
    rows = rng.permutation(long.rows("train"))
    chance = sum(
        take(long, rows[first : first + 8], input_specs(long.features))["hist_item"].size
        for first in range(0, len(rows), 8)
    )
    assert padded < 0.8 * chance


def test_batches_of_no_history_are_cut_from_the_permutation_as_it_is(long: Dataset) -> None:
    specs = input_specs(long.features)
    fed = batches(long, "train", specs, 8, seed=4, shuffle=True, bucketed=()).take(3)
    rows = np.random.default_rng((4, 0)).permutation(long.rows("train"))
    for place, (inputs, _) in enumerate(fed):
        made = take(long, rows[8 * place : 8 * place + 8], specs)
        assert all(np.array_equal(inputs[name], array) for name, array in made.items())


def test_lengths_found_piece_by_piece_are_those_of_the_whole(long: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, specs = long.rows("train"), input_specs(long.features)
    whole = history_lengths(long, rows, specs)
    monkeypatch.setattr(pieces, "PIECE_ROWS", 7)
    assert history_lengths(long, rows, specs).tolist() == whole.tolist()
    assert whole.dtype == np.uint8
    assert whole.tolist() == np.count_nonzero(take(long, rows, specs)["hist_item"], axis=1).tolist()


def test_nothing_in_python_happens_once_a_row(long: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python calls depend on the number of batches, not on how many rows they hold."""
    specs = input_specs(long.features, ages=("hist",))
    counts: list[int] = []

    def counted(*args: Any) -> Any:
        counts.append(0)

        def count(frame: Any, event: str, argument: Any) -> None:
            counts[-1] += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count)  # of the thread that runs here, whichever tf.data chose
        try:
            return take(*args)
        finally:
            sys.setprofile(before)

    monkeypatch.setattr(feed, "take", counted)
    by_size = {}
    for size in (8, 64):
        counts.clear()
        steps = steps_per_epoch(long, "train", size)
        for _ in batches(long, "train", specs, size, shuffle=True).take(steps):
            pass
        by_size[size] = counts[:steps]  # prefetching may have begun the next epoch
        assert steps <= len(counts) < steps + 16
    assert len(by_size[8]) > 7 * len(by_size[64])
    assert median(by_size[64]) == median(by_size[8])
    assert max(by_size[64]) < 150  # the first call of all may import something
