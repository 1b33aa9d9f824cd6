"""`train.loss_weights`."""

import pytest

from bstkit.errors import ConfigError
from bstkit.training.task_weights import check_tasks, task_weights, weighted_mean


def test_tasks_that_are_not_named_weigh_one():
    assert task_weights({"cvr": 0.5}, ("ctr", "cvr")) == {"ctr": 1.0, "cvr": 0.5}


@pytest.mark.parametrize(
    ("given", "says", "hint"),
    [
        ({"cvt": 1.0}, "train.loss_weights.cvt: features.toml has no task 'cvt'", "did you mean 'cvr'?"),
        ({"zzz": 1.0}, "no task 'zzz'", "the tasks are ctr, cvr"),
        ({"ctr": 0.0, "cvr": 0.0}, "every task has weight 0", "raise one"),
    ],
    ids=["near", "far", "zero"],
)
def test_wrong_weights_are_refused(given, says, hint):
    with pytest.raises(ConfigError) as caught:
        task_weights(given, ("ctr", "cvr"))
    assert says in caught.value.message
    assert hint in caught.value.hint


def test_class_weight_of_no_task_is_refused_by_its_own_name():
    check_tasks("class_weight", {"ctr": 2.0}, ("ctr",))
    with pytest.raises(ConfigError, match=r"train\.class_weight\.ctx: features\.toml has no task"):
        check_tasks("class_weight", {"ctx": 2.0}, ("ctr",))


def test_mean_counts_what_has_a_value_and_a_weight():
    weights = {"a": 1.0, "b": 3.0, "c": 0.0}
    assert weighted_mean({"a": 0.2, "b": 0.6, "c": 9.0}, weights) == pytest.approx(0.5)
    assert weighted_mean({"a": 0.2, "b": None, "c": 9.0}, weights) == pytest.approx(0.2)
    assert weighted_mean({"a": None, "b": None, "c": 9.0}, weights) is None
