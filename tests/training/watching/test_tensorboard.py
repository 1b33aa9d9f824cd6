"""`--tensorboard`: events that TensorFlow reads back, whole however training ends."""

import pytest
import tensorflow as tf

from bstkit.config.schedules import Cosine
from bstkit.errors import ConfigError, RunError
from bstkit.training.watching import tensorboard as module
from bstkit.training.watching.event_file import EventFile
from bstkit.training.watching.event_texts import validation_tag
from bstkit.training.watching.tensorboard import TensorBoardEvents, events_folder, tensorboard_callbacks


def read(folder):
    """Every event of a folder, file by file, by TensorFlow's own reader."""
    paths = sorted(folder.iterdir())
    return [event for path in paths for event in tf.compat.v1.train.summary_iterator(str(path))]


def values(events):
    """Tag -> (step, number or text) of each of its events."""
    found = {}
    for event in events:
        for value in event.summary.value:
            one = tf.make_ndarray(value.tensor).item()
            found.setdefault(value.tag, []).append((event.step, one.decode() if isinstance(one, bytes) else one))
    return found


@pytest.fixture(scope="module")
def watched(dataset, small_selection, tmp_path_factory):
    """The events of two epochs with a point at every step, and their history."""
    from bstkit.compose import compose
    from bstkit.training.fit import fit, make_repeatable

    folder = tmp_path_factory.mktemp("events") / "run"
    train = small_selection.train.model_copy(update={"schedule": Cosine(floor=0.1)})
    make_repeatable(0)
    composed = compose(small_selection.model_copy(update={"train": train}), dataset.features)
    with pytest.MonkeyPatch.context() as patch, tensorboard_callbacks(folder, composed) as callbacks:
        patch.setattr(module, "POINT_SECONDS", 1e-9)
        history = fit(composed, dataset, callbacks=callbacks)
    return read(folder), history, composed


def test_epochs_are_those_of_the_history(watched):
    events, history, _ = watched
    found = values(events)
    names = {"epoch/loss": "loss", "epoch/learning_rate": "learning_rate", "validation/log_loss": "val_log_loss"}
    names |= {"validation/auc": "val_auc", "validation/gauc": "val_gauc"}
    for tag, name in names.items():
        steps, written = zip(*found[tag], strict=True)
        assert written == pytest.approx([epoch[name] for epoch in history], rel=1e-6)
        assert steps[1] == 2 * steps[0]
    assert [epoch["learning_rate"] for epoch in history] == pytest.approx([0.00055, 0.0001], rel=1e-5)


def test_points_between_have_the_loss_since_the_last_one(watched):
    events, history, _ = watched
    found = values(events)
    steps, losses = zip(*found["step/loss"], strict=True)
    last = found["epoch/loss"][0][0]
    assert steps[: last - 1] == tuple(range(2, last + 1))  # the first step, which traces, begins the clock
    # With the first step's own loss, which is not written, they make up the epoch's mean.
    mean = history[0]["loss"]
    first = mean * last - sum(losses[: last - 1])
    assert 0.5 < first < 0.9
    assert len(set(losses)) > last / 2
    assert all(rate > 0 for _, rate in found["step/samples_per_second"])


def test_texts_hold_settings_and_composition(watched):
    found = values(watched[0])
    [(_, settings)], [(_, drawing)] = found["settings"], found["composition"]
    assert "| recipe | bst_small |" in settings
    assert "| batch_size | 64 |" in settings
    assert "└─ pooling.attention" in drawing
    assert drawing.startswith("```\n")


def test_every_value_says_how_it_is_shown(watched):
    events, _, _ = watched
    assert events[0].file_version == "brain.Event:2"
    kinds = {
        value.tag: (value.metadata.plugin_data.plugin_name, value.metadata.data_class)
        for event in events
        for value in event.summary.value
    }
    texts = {"settings", "composition"}
    assert {kinds[tag] for tag in texts} == {("text", 2)}
    assert {kinds[tag] for tag in kinds.keys() - texts} == {("scalars", 1)}


def test_a_file_begins_by_taking_back_later_steps_of_older_files(tmp_path):
    for step in (0, 11):
        file = EventFile(tmp_path, step)
        file.scalars(step + 1, {"a": 0.5})
        file.close()
    starts = [event.step for event in read(tmp_path) if event.session_log.status == tf.compat.v1.SessionLog.START]
    assert starts == [0, 11]


def test_resumed_training_takes_back_what_follows_the_last_epoch(watched, tmp_path):
    _, _, composed = watched
    with tensorboard_callbacks(tmp_path, composed) as [callback]:
        callback.set_params({"steps": 10})
        callback.on_epoch_begin(3)
    assert [event.step for event in read(tmp_path) if event.session_log.status] == [31]


def test_events_of_a_training_that_fails_are_whole(watched, tmp_path):
    def fails():
        with tensorboard_callbacks(tmp_path, watched[2]) as [callback]:
            callback.set_params({"steps": 10})
            callback.on_epoch_begin(0)
            callback.on_epoch_end(0, {"loss": 0.5, "val_auc": None})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert values(read(tmp_path))["epoch/loss"] == [(10, 0.5)]


def test_disk_that_fails_ends_the_events_and_not_the_training(watched, tmp_path, caplog):
    _, _, composed = watched
    (tmp_path / "file").write_text("")
    callback = TensorBoardEvents(tmp_path / "file" / "run", composed)
    callback.set_params({"steps": 10})
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": 0.5})
    callback.close()
    assert [record.getMessage()[:46] for record in caplog.records] == ["TensorBoard's events end here, training goes o"]


def test_without_a_folder_nothing_is_written():
    with tensorboard_callbacks(None, None) as callbacks:
        assert callbacks == []


def test_events_go_beside_those_of_other_runs(tmp_path):
    assert events_folder(tmp_path / "events", tmp_path / "runs" / "mine") == tmp_path / "events" / "mine"
    assert not (tmp_path / "events").exists()


@pytest.mark.parametrize("inside", ["run", "run/events"])
def test_events_in_the_run_folder_are_refused(tmp_path, inside):
    with pytest.raises(ConfigError, match="lies in the run folder"):
        events_folder(tmp_path / inside, tmp_path / "run")


def test_folder_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write to"):
        events_folder(tmp_path / "file" / "events", tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("val_auc", "validation/auc"),
        ("val_log_loss", "validation/log_loss"),
        ("val_gauc", "validation/gauc"),
        ("val_add_to_cart_log_loss", "validation/add_to_cart/log_loss"),
        ("val_ctr_gauc", "validation/ctr/gauc"),
        ("val_other", "validation/other"),
    ],
)
def test_tag(name, tag):
    assert validation_tag(name) == tag
