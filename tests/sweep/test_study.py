"""Which combination is next, also after a stop."""

import pytest

from bstkit.errors import RunError
from bstkit.sweep.space import parse_space
from bstkit.sweep.study import Proposals, check_optuna, in_order

LISTED = ["recipe=din,dien", "pooling=mean,max"]
OPEN = ["recipe=din,dien", "x={low=0.0,high=1.0}"]


def proposals(folder, space, trials=None, maximise=True):
    return Proposals(folder, parse_space(space), trials, maximise, seed=0)


def drain(proposals, most=100):
    """Answer until none is left, and return what was asked."""
    asked = []
    while len(asked) < most and (proposal := proposals.next()) is not None:
        trial, chosen = proposal
        asked.append(chosen)
        proposals.tell(trial, float(chosen.get("x", len(asked) / 10)))
    return asked


def test_a_listed_space_is_trained_whole_and_in_order(tmp_path):
    asked = drain(proposals(tmp_path, LISTED))
    assert [tuple(one.values()) for one in asked] == [
        ("din", "mean"),
        ("din", "max"),
        ("dien", "mean"),
        ("dien", "max"),
    ]


def test_fewer_trials_than_combinations_are_proposed(tmp_path):
    assert len(drain(proposals(tmp_path, LISTED, trials=3))) == 3


def test_a_stopped_sweep_proposes_what_it_would_have(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    expected = drain(proposals(whole, OPEN, trials=14))
    found = drain(proposals(parts, OPEN, trials=14), most=11) + drain(proposals(parts, OPEN, trials=14))
    assert found == expected
    numbers = [one["x"] for one in expected]
    assert len(set(numbers)) == 14  # the same seed again would repeat the first ones


def test_more_trials_go_on(tmp_path):
    first = drain(proposals(tmp_path, OPEN, trials=3))
    more = drain(proposals(tmp_path, OPEN, trials=5))
    assert len(more) == 2
    assert not [one for one in more if one in first]


def test_what_was_broken_off_is_proposed_again(tmp_path):
    broken = proposals(tmp_path, LISTED)
    drain(broken, most=1)
    lost = broken.next()[1]
    again = proposals(tmp_path, LISTED)
    asked = drain(again)
    assert lost in asked
    assert len(asked) == 3
    assert len(again.finished()) == 4


def test_refused_combinations_count_and_come_last(tmp_path):
    one = proposals(tmp_path, LISTED)
    trial, chosen = one.next()
    one.refuse(trial, "does not fit")
    assert len(drain(one)) == 3
    ranked = in_order(one.finished(), maximise=True)
    assert [trial.value for trial in ranked] == [0.3, 0.2, 0.1, None]
    assert ranked[-1].params == chosen
    assert ranked[-1].user_attrs["refused"] == "does not fit"


def test_least_first_where_less_is_better(tmp_path):
    one = proposals(tmp_path, LISTED, maximise=False)
    drain(one)
    assert [trial.value for trial in in_order(one.finished(), maximise=False)] == [0.1, 0.2, 0.3, 0.4]


def test_without_optuna_the_hint_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RunError) as caught:
        check_optuna()
    assert "pip install 'bstkit[sweep]'" in caught.value.hint
