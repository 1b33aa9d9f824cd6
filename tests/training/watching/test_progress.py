"""What a person is told while a model trains, on a clock that the test moves."""

import pytest

from bstkit.progress import Progress
from bstkit.training.watching import progress as module
from bstkit.training.watching.progress import TrainingProgress, clock


class Heard(Progress):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.notes, self.lines = [], []

    def advance(self, name, done, note):
        self.notes.append((done, note.split("\n")))

    def say(self, name, text, more):
        self.lines.append((text, more))


@pytest.fixture
def now(monkeypatch):
    """The clock: `now[0]` is the time."""
    time = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: time[0])
    return time


@pytest.fixture
def train(now):
    """Play epochs of ten steps of 64 rows: the first step takes 5 s, the others `pace`, validation 2 s."""

    def played(*losses, epochs=4, patience=2, pace=0.5):
        heard = Heard()
        with heard.stage("train") as stage:
            shown = TrainingProgress(stage, epochs, 10, 64, patience)
            for epoch, loss in enumerate(losses):
                shown.on_epoch_begin(epoch)
                for step in range(10):
                    now[0] += pace if step or epoch else 5.0
                    shown.on_train_batch_end(step, {"loss": 0.7 - step / 100})
                now[0] += 2.0
                shown.validating(0.5)
                logs = {"loss": 0.61, "val_log_loss": loss, "val_auc": 0.6, "val_gauc": None}
                shown.on_epoch_end(epoch, logs)
        return heard

    return played


def test_note_tells_place_loss_rate_and_time_left(train):
    done, note = train(0.5).notes[5]
    assert done == pytest.approx(5 / 40)
    assert note == [
        "epoch 1 of at most 4, step 5 of 10, loss 0.6600, 128 samples/s",  # 64 rows in half a second, tracing left out
        "time left: 0:02 of this epoch, at most 0:18 of all",
    ]


def test_later_epochs_know_how_long_validation_takes_and_what_came_of_the_others(train):
    heard = train(0.5, 0.6, 0.55)
    note = next(note for _, note in heard.notes if note[0].startswith("epoch 3 of at most 4, step 5 of"))
    assert note[1:] == [
        "time left: 0:04 of this epoch, at most 0:12 of all",
        "epoch 2: validation log loss 0.6000, AUC 0.6000, GAUC -",
        "epoch 1: validation log loss 0.5000, AUC 0.6000, GAUC -, the best",
        "stops after epoch 3 unless one is better",
    ]
    assert any(note[0] == "epoch 3 of at most 4, validating, 50%" for _, note in heard.notes)


def test_the_last_epoch_has_no_bound_of_its_own(train):
    last = train(0.5, 0.4, epochs=2).notes[-2][1]
    assert last[1] == "time left: 0:02, this epoch is the last"
    assert last[2] == "epoch 1: validation log loss 0.5000, AUC 0.6000, GAUC -, the best"


def test_a_line_an_epoch_stays(train):
    lines = train(0.5, 0.4, 0.6).lines
    assert lines == [
        (
            "epoch 1: loss 0.6100, validation log loss 0.5000, AUC 0.6000, GAUC -",
            "the best so far, 11.5 s, 128 samples/s, at most 0:21 left",
        ),
        (
            "epoch 2: loss 0.6100, validation log loss 0.4000, AUC 0.6000, GAUC -",
            "the best so far, 7.0 s, 128 samples/s, at most 0:14 left",
        ),
        (
            "epoch 3: loss 0.6100, validation log loss 0.6000, AUC 0.6000, GAUC -",
            "best: epoch 2, 7.0 s, 128 samples/s, at most 0:07 left",
        ),
    ]
    assert max(len(text) for text, _ in lines) < 80


def test_words_are_put_together_ten_times_a_second_at_most(train):
    assert len(train(0.5, pace=0.001).notes) < 5  # of ten steps
    assert len(train(0.5, pace=0.2).notes) == 12


def test_done_never_falls_and_ends_at_the_last_step(train):
    done = [done for done, _ in train(0.5, 0.4, epochs=2).notes]
    assert done == sorted(done)
    assert done[-1] == 1.0


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03")]
)
def test_clock(seconds, shown):
    assert clock(seconds) == shown
