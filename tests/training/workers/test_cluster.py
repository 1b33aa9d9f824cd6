"""TF_CONFIG: who trains together, and what is refused."""

import json

import pytest

from bstkit.errors import ConfigError
from bstkit.training.workers.cluster import ALONE, read_cluster

TWO = ["a:2222", "b:2222"]


def read(cluster=None, task=("worker", 0), **more):
    config = {"cluster": {"worker": TWO} if cluster is None else cluster, **more}
    if task is not None:
        config["task"] = {"type": task[0], "index": task[1]}
    return read_cluster({"TF_CONFIG": json.dumps(config)})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"TF_CONFIG": " "},
        {"TF_CONFIG": "{}"},
        {"TF_CONFIG": '{"cluster": {}, "environment": "cloud"}'},
        {"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'},
        {"TF_CONFIG": '{"cluster": {"chief": ["a:1"], "worker": []}, "task": {"type": "chief", "index": 0}}'},
    ],
    ids=["unset", "blank", "empty", "no workers", "one worker", "a chief alone"],
)
def test_without_other_workers_a_process_trains_alone(environ):
    found = read_cluster(environ)
    assert found is ALONE
    assert found.is_chief
    assert not found.several


def test_first_worker_is_the_chief_where_nobody_else_is():
    first, second = read(), read(task=("worker", 1))
    assert (first.place, first.is_chief, first.task) == (0, True, ("worker", 0))
    assert (second.place, second.is_chief, second.task) == (1, False, ("worker", 1))
    assert (second.size, second.addresses) == (2, ("a:2222", "b:2222"))


def test_chief_comes_before_the_workers():
    cluster = {"worker": TWO, "chief": ["c:2222"]}
    chief, worker = read(cluster, ("chief", 0)), read(cluster, ("worker", 0))
    assert (chief.place, chief.is_chief) == (0, True)
    assert (worker.place, worker.is_chief, worker.task) == (1, False, ("worker", 0))
    assert worker.addresses == ("c:2222", "a:2222", "b:2222")


def test_index_may_be_text_and_an_evaluator_is_no_worker():
    found = read({"worker": TWO, "evaluator": ["e:1"]}, ("worker", "1"), environment="cloud")
    assert (found.place, found.size) == (1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[1]", "is no object"),
        ('{"cluster": ["a:1"]}', "is no object of addresses"),
        ('{"cluster": {"worker": "a:1"}}', "is no list of addresses"),
    ],
    ids=["broken", "list", "cluster", "addresses"],
)
def test_malformed_text_is_refused_with_an_example(text, message):
    with pytest.raises(ConfigError, match=f"environment TF_CONFIG: .*{message}") as caught:
        read_cluster({"TF_CONFIG": text})
    assert '{"cluster": {"worker": ["host-a:2222"' in caught.value.hint


@pytest.mark.parametrize(
    ("cluster", "task", "message"),
    [
        (None, None, "does not say type and index"),
        (None, ("worker", 2), "is 2, and the cluster has 2 of type 'worker'"),
        (None, ("worker", -1), "is -1"),
        (None, ("worker", True), "is True"),
        (None, ("worker", None), "is None"),
        (None, ("chief", 0), "the cluster has no 'chief', only 'worker'"),
        (None, ("evaluator", 0), "bstkit has no evaluator"),
        ({"worker": TWO, "ps": ["p:1"]}, ("worker", 0), "cluster.ps: is nothing that bstkit starts"),
        ({"worker": TWO, "master": ["p:1"]}, ("worker", 0), "cluster.master"),
        ({"worker": TWO, "wroker": ["p:1"]}, ("worker", 0), "no type of task that bstkit knows"),
        ({"worker": TWO, "chief": ["c:1", "d:1"]}, ("worker", 0), "one task can be the chief, not 2"),
        ({"worker": ["a:1", "a:1"]}, ("worker", 0), "a:1 is named 2 times"),
        ({"worker": ["a", "b:1"]}, ("worker", 0), "'a' is no address like host:2222"),
        ({"worker": ["a:70000", "b:1"]}, ("worker", 0), "'a:70000' is no address"),
        ({"worker": [7, "b:1"]}, ("worker", 0), "7 is no address"),
    ],
)
def test_what_cannot_train_is_refused(cluster, task, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read(cluster, task)
    assert caught.value.hint
