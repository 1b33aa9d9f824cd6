"""Sampled candidates in a dataset: rows before their positives that no history, vocabulary or statistic knows of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bstkit.config.features import ContextId, ContextNumeric, Features, History, LogColumns, Sampling, Space, Split
from bstkit.data.dataset import SPLITS, Dataset, load_dataset
from bstkit.data.feeding.feed import take
from bstkit.data.feeding.negatives import negatives_of
from bstkit.data.leaks import check_leaks
from bstkit.data.prepared.folder import read_facts
from bstkit.data.prepared.job import prepare_dataset
from bstkit.data.scoring import load_for_scoring
from bstkit.errors import DataError
from bstkit.inputs import input_specs, negative_specs
from bstkit.provenance import fingerprint
from tests.data.logs import table

HEADER = ["user", "time", "item", "cate", "click", "bought", "age", "tags"]


def write(path: Path, users: int = 7, events: int = 9) -> Path:
    """Users who take turns; an item keeps its category."""
    rng = np.random.default_rng(0)
    rows = []
    for time in range(events):
        for user in range(users):
            item = int(rng.integers(12))
            bought = "" if item % 3 else str(item % 2)
            tags = " ".join(f"t{tag}" for tag in range(item % 4))
            cells = [f"u{user}", time, f"i{item}", f"c{item % 5}", rng.integers(2), bought, 20 + user, tags]
            rows.append([str(cell) for cell in cells])
    path.write_text(table(HEADER, rows, ","))
    return path


def features(labels: dict[str, str] | None = None, sampling: Sampling | None = None, **changes: Any) -> Features:
    fields = {"item": "item", "cate": "cate"}
    tables: dict[str, Any] = {
        "spaces": {name: Space(dim=4) for name in ("item", "cate", "user", "tag")},
        "log": LogColumns(user="user", time="time", labels=labels or {}),
        "target": fields,
        "history": {
            "hist": History(fields=fields, max_length=5, session_gap_s=2, negatives="popularity"),
            "tags": History(source="row", fields={"tags": "tag"}, max_length=4),
        },
        "context": {"user": ContextId(space="user"), "age": ContextNumeric(numeric="standardise")},
        "split": Split(leave_last=1),
        "sampling": sampling,
    }
    return Features(**(tables | changes))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sampled") / "log.csv")


@pytest.fixture(scope="module")
def dataset(log: Path) -> Dataset:
    return load_dataset(log, features(sampling=Sampling(negatives_per_positive=3)))


def sampled(dataset: Dataset) -> np.ndarray:
    assert dataset.sampled is not None
    return np.asarray(dataset.sampled)


def positive_of(dataset: Dataset) -> np.ndarray:
    """The event that each row stands beside; itself for an event."""
    happened = np.flatnonzero(~sampled(dataset))
    return happened[np.searchsorted(happened, np.arange(len(dataset.user)))]


def test_every_event_of_a_log_without_labels_is_positive(dataset: Dataset) -> None:
    np.testing.assert_array_equal(dataset.labels["ctr"], ~sampled(dataset))
    beside = np.bincount(positive_of(dataset)[sampled(dataset)], minlength=len(dataset.user))[~sampled(dataset)]
    first_day = dataset.time[~sampled(dataset)] == 0
    assert (beside[first_day] == 0).all()
    assert (beside[~first_day] > 0).all()
    assert beside.max() == 3


def test_sampled_rows_have_all_but_the_target_from_their_positive(dataset: Dataset) -> None:
    inputs = input_specs(dataset.features)
    rows, positive = np.flatnonzero(sampled(dataset)), positive_of(dataset)[sampled(dataset)]
    theirs, its = take(dataset, rows, inputs), take(dataset, positive, inputs)
    assert {"hist_item", "hist_cate", "tags_tags", "user", "age"} < set(theirs)
    for name in theirs:
        if name not in dataset.features.target:
            np.testing.assert_array_equal(theirs[name], its[name], err_msg=name)
    assert (theirs["item"] != its["item"]).all()
    for name in ("user", "time", "row", "split"):
        np.testing.assert_array_equal(getattr(dataset, name)[rows], getattr(dataset, name)[positive])


def test_items_keep_their_category(dataset: Dataset) -> None:
    happened = ~sampled(dataset)
    pairs = np.stack([dataset.target["item"], dataset.target["cate"]])
    known = set(map(tuple, pairs[:, happened].T.tolist()))
    assert set(map(tuple, pairs[:, ~happened].T.tolist())) <= known


@pytest.mark.parametrize("by", ["uniform", "popularity"])
@pytest.mark.parametrize("events", ["all", "positive"])
def test_events_are_as_without_sampling(log: Path, by: Any, events: Any) -> None:
    plain = features({"ctr": "click", "cvr": "bought"})
    plain = plain.model_copy(
        update={"history": plain.history | {"hist": plain.history["hist"].model_copy(update={"events": events})}}
    )
    with_rows = load_dataset(log, plain.model_copy(update={"sampling": Sampling(by=by)}))
    without = load_dataset(log, plain)
    happened = np.flatnonzero(~sampled(with_rows))
    assert len(happened) < len(with_rows.user)
    assert with_rows.vocabularies == without.vocabularies
    assert with_rows.features.context == without.features.context
    expected, found = dict(without.arrays()), dict(with_rows.arrays())
    for name, array in expected.items():
        if name == "history.hist.event":
            np.testing.assert_array_equal(found[name], happened[array])
        else:
            rows = happened if len(found[name]) == len(with_rows.user) else slice(None)
            np.testing.assert_array_equal(found[name][rows], array, err_msg=name)
    for task, label in with_rows.labels.items():
        new = label[sampled(with_rows)]
        assert (new == 0).all() if task == "ctr" else np.isnan(new).all()


def test_only_positives_have_candidates_beside_them(log: Path) -> None:
    found = load_dataset(log, features({"ctr": "click"}, Sampling()))
    assert (found.labels["ctr"][positive_of(found)[sampled(found)]] == 1).all()


@pytest.mark.usefixtures("small_pieces")
def test_pieces_change_nothing(log: Path, dataset: Dataset) -> None:
    assert fingerprint(load_dataset(log, dataset.features)) == fingerprint(dataset)


def test_seed_decides(log: Path, dataset: Dataset) -> None:
    other = Sampling(negatives_per_positive=3, seed=1)
    assert fingerprint(load_dataset(log, features(sampling=other))) != fingerprint(dataset)


def test_rate_is_recorded(dataset: Dataset) -> None:
    sampling = dataset.features.sampling
    assert sampling is not None
    assert sampling.rate is not None
    eligible = drawn = 0
    train = np.flatnonzero(~sampled(dataset) & (dataset.split == 0))
    for row in train:
        earlier = ~sampled(dataset) & (dataset.time < dataset.time[row]) & (dataset.split == 0)
        own = (dataset.user == dataset.user[row]) & (np.arange(len(dataset.user)) <= row) & ~sampled(dataset)
        eligible += len(set(dataset.target["item"][earlier]) - set(dataset.target["item"][own]))
        drawn += int(np.sum(positive_of(dataset) == row)) - 1
    assert sampling.rate == pytest.approx(drawn / eligible)


def test_facts_count_sampled_rows(log: Path, tmp_path: Path) -> None:
    made = prepare_dataset(log, tmp_path / "set", features(sampling=Sampling()))
    facts = read_facts(tmp_path / "set")
    assert facts.sampled == {split: int(sampled(made)[made.rows(split)].sum()) for split in SPLITS}
    assert min(facts.sampled.values()) > 0
    assert not (tmp_path / "set" / "drawn").exists()


def test_hashed_candidates_are_drawn(log: Path) -> None:
    hashed = {**features().spaces, "item": Space(dim=4, hash_buckets=1000)}
    found = load_dataset(log, features(sampling=Sampling(), spaces=hashed))
    assert sampled(found).any()


def test_rare_keys_are_drawn_one_by_one(log: Path) -> None:
    """They share the out-of-vocabulary id, and yet have the chances of several candidates."""
    cut = {**features().spaces, "item": Space(dim=4, max_size=2)}
    found = load_dataset(log, features(sampling=Sampling(negatives_per_positive=1), spaces=cut))
    assert np.mean(found.target["item"][sampled(found)] == 1) > 0.5


def test_steps_that_a_user_did_not_take_are_drawn_among_events(dataset: Dataset) -> None:
    pool = negatives_of(dataset, negative_specs(dataset.features, ("hist",)))["hist"]
    train = np.flatnonzero(~sampled(dataset) & (dataset.split == 0))
    counts = np.bincount(dataset.target["item"][train], minlength=20)
    np.testing.assert_array_equal(np.bincount(pool.ids["item"], weights=pool.chances, minlength=20), counts)


def test_a_log_without_other_candidates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [[f"u{user}", str(time), "i", "c", "1", "", "1", ""] for user in range(3) for time in range(5)]
    path.write_text(table(HEADER, rows, ","))
    with pytest.raises(DataError, match="no candidate can be drawn beside the training rows"):
        load_dataset(path, features(sampling=Sampling(), history={"hist": features().history["hist"]}))


def test_scoring_draws_nothing(log: Path, dataset: Dataset) -> None:
    scored, users = load_for_scoring(log, dataset.features, dataset.vocabularies, lambda done, note: None)
    assert scored.sampled is None
    assert len(scored.user) == int(np.sum(~sampled(dataset)))
    assert len(users) == 7


def changed(array: Any, place: int, value: Any) -> np.ndarray:
    edited = np.array(array)
    edited[place] = value
    return edited


def damage(dataset: Dataset, what: str) -> Dataset:
    row = int(np.flatnonzero(sampled(dataset) & (dataset.time == 1))[0])
    if what == "label":
        return replace(dataset, labels={"ctr": changed(dataset.labels["ctr"], row, np.nan)})
    if what == "alone":
        return replace(dataset, labels={"ctr": changed(dataset.labels["ctr"], positive_of(dataset)[row], 0)})
    if what == "history":
        steps = dataset.history["tags"]
        last = int(np.flatnonzero(sampled(dataset) & (steps.end > steps.start))[0])
        cut = replace(steps, end=changed(steps.end, last, steps.end[last] - 1))
        return replace(dataset, history={**dataset.history, "tags": cut})
    unseen = set(range(2, 12)) - set(dataset.target["item"][~sampled(dataset) & (dataset.time == 0)])
    return replace(dataset, target={**dataset.target, "item": changed(dataset.target["item"], row, unseen.pop())})


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("label", "has a label that it must not have"),
        ("alone", "is not followed by its positive"),
        ("history", "has a history that is not its positive's"),
        ("future", "has a candidate that has no event before it"),
    ],
)
def test_leak_check_refuses_damage(dataset: Dataset, what: str, says: str) -> None:
    with pytest.raises(DataError, match=rf"the sampled row \d+ {says}"):
        check_leaks(damage(dataset, what))


def test_leak_check_refuses_sampled_rows_as_steps(dataset: Dataset) -> None:
    steps = dataset.history["hist"]
    assert steps.event is not None
    row = int(np.flatnonzero(sampled(dataset))[0])
    place = int(np.searchsorted(steps.event, row))
    wrong = replace(steps, event=changed(steps.event, place, row))
    with pytest.raises(DataError, match="holds events that it must not"):
        check_leaks(replace(dataset, history={**dataset.history, "hist": wrong}))
