"""Negatives: whole steps of the training rows, never the step's own, the same from the same seed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bstkit.config.features import Derived, Features, History, Space
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feeding.feed import batches, steps_per_epoch, take
from bstkit.data.feeding.negatives import negatives_of
from bstkit.errors import ConfigError
from bstkit.inputs import input_specs, negative_specs
from tests.data.logs import plain_features, table, write_plain

ITEMS = "aaaaaabbc"
"""One is shown six times as often as another."""


def paired_features(negatives: str | None = "uniform", target: bool = True, events: str = "all") -> Features:
    """A history of items and their categories."""
    plain = plain_features(events=events)
    fields = {"item": "item", "cate": "cate"}
    history = History(fields=fields, max_length=6, events=events, negatives=negatives)
    return plain.model_copy(
        update={
            "spaces": {**plain.spaces, "cate": Space(dim=4)},
            "target": fields if target else {"item": "item"},
            "history": {"hist": history},
        }
    )


def write(path: Path) -> Path:
    """Users whose last two events, validation and test, are of items that training never shows."""
    lines = []
    for user in range(20):
        for time in range(11):
            item = "xy"[time - 9] if time >= 9 else ITEMS[(time + user) % 9]
            lines.append([f"u{user}", str(time), item, str(time % 2), item.upper()])
    path.write_text(table(["user", "time", "item", "click", "cate"], lines, ","))
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("negatives") / "log.csv")


def drawn(dataset: Dataset, rows: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """History and negatives of some rows."""
    specs = (*input_specs(dataset.features), *negative_specs(dataset.features, ("hist",)))
    return take(dataset, rows, specs, negatives_of(dataset, specs), np.random.default_rng(seed))


def key(dataset: Dataset, ids: np.ndarray, space: str = "item") -> np.ndarray:
    return np.array(["", "?", *dataset.vocabularies[space]])[ids]


@pytest.mark.parametrize("negatives", ["uniform", "popularity"])
@pytest.mark.parametrize("target", [True, False], ids=["candidate", "events"])
def test_negative_is_another_step_of_the_training_rows(log: Path, negatives: str, target: bool) -> None:
    dataset = load_dataset(log, paired_features(negatives, target))
    for split in ("train", "validation", "test"):
        made = drawn(dataset, dataset.rows(split))
        own, other = key(dataset, made["hist_item"]), key(dataset, made["hist_negative_item"])
        real = made["hist_item"] > 0
        assert set(other[real]) == {"a", "b", "c"}
        assert (own[real] != other[real]).all()
        assert (made["hist_negative_item"][~real] == 0).all()
        assert (made["hist_negative_cate"][~real] == 0).all()
        cate = key(dataset, made["hist_negative_cate"], "cate")
        assert [c.lower() for c in cate[real]] == other[real].tolist()  # an item keeps its category


def test_shapes_and_dtypes_are_those_of_the_history(log: Path) -> None:
    made = drawn(load_dataset(log, paired_features()), np.arange(7))
    assert {made[name].shape for name in ("hist_item", "hist_cate", "hist_negative_item", "hist_negative_cate")} == {
        (7, 6)
    }
    assert made["hist_negative_item"].dtype == np.int32


@pytest.mark.parametrize(("negatives", "share_of_b"), [("uniform", 1 / 2), ("popularity", 2 / 3)])
def test_chances_are_uniform_or_by_frequency(log: Path, negatives: str, share_of_b: float) -> None:
    """Beside an `a` stands `b` or `c`; `b` is shown twice as often."""
    dataset = load_dataset(log, paired_features(negatives))
    rows = np.tile(dataset.rows("train"), 20)
    made = drawn(dataset, rows)
    beside_a = key(dataset, made["hist_negative_item"])[key(dataset, made["hist_item"]) == "a"]
    assert len(beside_a) > 5000
    assert (beside_a == "b").mean() == pytest.approx(share_of_b, abs=0.03)


def test_rows_that_are_not_events_count_where_the_candidate_has_every_field(tmp_path: Path) -> None:
    """`never` is shown in training and never clicked, so that it is no event of the history."""
    rows = [("u", time, item, int(item != "never")) for time, item in enumerate(["a", "never", "b", "a", "b", "a"])]
    path = write_plain(tmp_path / "log.csv", rows)
    plain = plain_features(events="positive")
    shown = plain.model_copy(
        update={"history": {"hist": plain.history["hist"].model_copy(update={"negatives": "uniform"})}}
    )
    assert "never" in sampled(load_dataset(path, shown))
    columns = {"again": Derived(first_of="item")}  # the candidate's only column is not the history's
    clicked = shown.model_copy(update={"target": {"again": "item"}, "columns": columns})
    assert sampled(load_dataset(path, clicked)) == {"a", "b"}


def sampled(dataset: Dataset) -> set[str]:
    """Everything that is drawn in some hundred tries."""
    made = drawn(dataset, np.tile(np.arange(4), 200))
    return set(key(dataset, made["hist_negative_item"])[made["hist_item"] > 0].tolist())


def test_single_combination_stands_beside_itself(tmp_path: Path) -> None:
    rows = [("u", time, "a", time % 2) for time in range(4)]
    plain = plain_features()
    features = plain.model_copy(
        update={"history": {"hist": plain.history["hist"].model_copy(update={"negatives": "popularity"})}}
    )
    made = drawn(load_dataset(write_plain(tmp_path / "log.csv", rows), features), np.arange(4))
    assert np.array_equal(made["hist_item"], made["hist_negative_item"])


def test_history_without_events_has_padding_only(tmp_path: Path) -> None:
    rows = [("u", 0, "a", 0), ("v", 0, "a", 1), ("u", 1, "a", 0), ("u", 2, "a", 0)]
    plain = plain_features(events="positive")
    features = plain.model_copy(
        update={"history": {"hist": plain.history["hist"].model_copy(update={"negatives": "uniform"})}}
    )
    made = drawn(load_dataset(write_plain(tmp_path / "log.csv", rows), features), np.arange(3))
    assert made["hist_negative_item"].tolist() == [[0]] * 3


def fed(
    dataset: Dataset, epoch: int, seed: int = 0, skip: int = 0, resumed: bool = False
) -> Iterator[dict[str, np.ndarray]]:
    """The inputs of one epoch, as training gets them."""
    specs = (*input_specs(dataset.features), *negative_specs(dataset.features, ("hist",)))
    steps = steps_per_epoch(dataset, "train", 16)
    place = {"first_epoch": epoch, "first_place": skip} if resumed else {}
    data = batches(dataset, "train", specs, 16, seed=seed, shuffle=True, **place)
    for inputs, _ in data.skip(0 if resumed else epoch * steps + skip).take(steps - skip):
        yield {name: tensor.numpy() for name, tensor in inputs.items()}


def test_negatives_of_a_batch_depend_on_seed_epoch_and_place_alone(log: Path) -> None:
    dataset = load_dataset(log, paired_features())
    whole = list(fed(dataset, 1))
    for resumed in (False, True):
        for ours, theirs in zip(whole[3:], fed(dataset, 1, skip=3, resumed=resumed), strict=True):
            for name in ours:
                np.testing.assert_array_equal(ours[name], theirs[name])


def test_same_batch_has_other_negatives_in_another_epoch_or_from_another_seed(tmp_path: Path) -> None:
    """All rows of one user in one batch; no two have equally long histories, which tells them apart."""
    rows = [("u", time, f"i{time % 7}", time % 2) for time in range(30)]
    plain = plain_features(max_length=50)
    history = plain.history["hist"].model_copy(update={"negatives": "uniform"})
    features = plain.model_copy(update={"history": {"hist": history}})
    dataset = load_dataset(write_plain(tmp_path / "log.csv", rows), features)
    specs = (*input_specs(dataset.features), *negative_specs(dataset.features, ("hist",)))

    def first(epoch: int, seed: int) -> dict[str, np.ndarray]:
        [(inputs, _)] = batches(dataset, "train", specs, 64, seed=seed, shuffle=True, first_epoch=epoch).take(1)
        order = np.argsort(np.count_nonzero(inputs["hist_item"], axis=1))
        return {name: tensor.numpy()[order] for name, tensor in inputs.items()}

    once = first(1, 0)
    for other in (first(2, 0), first(1, 1)):
        np.testing.assert_array_equal(once["hist_item"], other["hist_item"])
        assert not np.array_equal(once["hist_negative_item"], other["hist_negative_item"])


def test_negatives_do_not_move_the_other_inputs(log: Path) -> None:
    dataset = load_dataset(log, paired_features())
    plain = batches(dataset, "train", input_specs(dataset.features), 16, shuffle=True).take(5)
    for (inputs, _), ours in zip(plain, fed(dataset, 0), strict=False):
        for name, tensor in inputs.items():
            np.testing.assert_array_equal(tensor.numpy(), ours[name])


def test_negatives_need_a_way_to_be_sampled(log: Path) -> None:
    dataset = load_dataset(log, paired_features(None))
    with pytest.raises(ConfigError, match=r"history\.hist\.negatives: is missing") as caught:
        batches(dataset, "train", negative_specs(dataset.features, ("hist",)), 4)
    assert 'negatives = "uniform"' in caught.value.hint


def test_negative_without_a_generator_is_refused(log: Path) -> None:
    dataset = load_dataset(log, paired_features())
    with pytest.raises(ValueError, match="`negatives` and `rng` are needed for the input 'hist_negative_item'"):
        take(dataset, dataset.rows("train"), negative_specs(dataset.features, ("hist",)))


def test_many_wide_columns_do_not_overflow(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(8)]
    rng = np.random.default_rng(0)
    lines = [[f"u{n % 5}", str(n), str(n % 2), *map(str, rng.integers(10_000, size=8))] for n in range(4000)]
    (tmp_path / "log.csv").write_text(table(["user", "time", "click", *names], lines, ","))
    plain = plain_features()
    fields = dict.fromkeys(names, "item")
    history = History(fields=fields, max_length=5, negatives="uniform")
    features = plain.model_copy(update={"target": fields, "history": {"hist": history}})
    dataset = load_dataset(tmp_path / "log.csv", features)
    pool = negatives_of(dataset, negative_specs(features, ("hist",)))["hist"]
    known = {tuple(row) for row in np.stack([dataset.target[name] for name in names], axis=1).tolist()}
    assert {tuple(row) for row in np.stack([pool.ids[name] for name in names], axis=1).tolist()} == known
