"""The PLE head against the paper's formulas, by hand, and with one task or several."""

import numpy as np
import pytest

from bstkit_industry.extraction import Extraction
from bstkit_industry.ple import PleHead
from reference import ple, weights_of

POOLED, CONTEXT, TARGET = (
    np.random.default_rng(seed).normal(size=(6, width)).astype(np.float32) for seed, width in enumerate((4, 3, 2))
)
JOINED = np.concatenate([POOLED, TARGET, CONTEXT], -1)
FORMS = {
    "default": {},
    "one level": {"num_levels": 1},
    "three levels": {"num_levels": 3, "num_task_experts": 1, "num_shared_experts": 3, "expert_units": (5, 4)},
    "no tower": {"num_levels": 1, "num_task_experts": 3, "num_shared_experts": 1, "tower_units": ()},
}


def made(form, tasks, randomised):
    head = PleHead(tasks, **form)
    head(POOLED, CONTEXT, TARGET)
    return randomised(head, 0.3)


CASES = {name: (form, ("ctr", "cvr")) for name, form in FORMS.items()} | {
    "one task": ({}, ("ctr",)),
    "three tasks": ({}, ("ctr", "cvr", "like")),
}


@pytest.mark.parametrize(("form", "tasks"), CASES.values(), ids=CASES)
def test_head_gives_the_numbers_of_the_paper(form, tasks, randomised):
    head = made(form, tasks, randomised)
    sizes = (head.num_levels, head.num_task_experts, head.num_shared_experts)
    expected = ple(JOINED.astype(np.float64), weights_of(head), tasks, *sizes)
    logits = head(POOLED, context=CONTEXT, target=TARGET)
    assert list(logits) == list(tasks)
    for task in tasks:
        np.testing.assert_allclose(logits[task], expected[task], rtol=1e-4, atol=1e-5)


def test_level_gives_numbers_worked_by_hand():
    """Experts that say 1 (of the task) and 3 (shared), gates that weigh them evenly: both see 2."""
    level = Extraction(1, 1, 1, (1,))
    level.build([(None, 2), (None, 2)])
    for weight in level.weights:
        weight.assign(np.zeros(weight.shape))
    [[own], [shared]] = level.experts
    own.dense[0].bias.assign([1.0])
    shared.dense[0].bias.assign([3.0])
    x = np.ones((1, 2), np.float32)
    assert [float(np.asarray(one)[0, 0]) for one in level([x, x])] == [2.0, 2.0]
    level.gates[0].kernel.assign([[np.log(3), 0], [0, 0]])  # three quarters for the task's own expert
    np.testing.assert_allclose(level([x, x])[0], [[0.75 * 1 + 0.25 * 3]], rtol=1e-6)


def test_a_task_never_sees_the_experts_of_another_one(randomised):
    head = made({"num_levels": 1}, ("ctr", "cvr"), randomised)
    before = {task: np.asarray(logit) for task, logit in head(JOINED).items()}
    for expert in head.levels[0].experts[1]:
        expert.dense[0].bias.assign(expert.dense[0].bias + 1.0)
    after = head(JOINED)
    np.testing.assert_array_equal(after["ctr"], before["ctr"])
    assert np.abs(np.asarray(after["cvr"]) - before["cvr"]).max() > 1e-3


def test_the_last_level_has_no_shared_gate(randomised):
    paths = [weight.path for weight in made({}, ("ctr",), randomised).weights]
    assert [any(f"level_{level}/shared_gate" in path for path in paths) for level in (1, 2)] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"num_levels": 0}, "num_levels"),
        ({"num_task_experts": 0}, "num_task_experts"),
        ({"num_shared_experts": 1.0}, "num_shared_experts"),
        ({"expert_units": []}, "expert_units"),
        ({"expert_units": 64}, "expert_units"),
        ({"tower_units": [0]}, "tower_units"),
        ({"activation": "reluu"}, "activation"),
        ({"activation": None}, "activation"),
        ({"dropout": -0.1}, "dropout"),
        ({"no_such": 1}, "no_such"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_argument_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        PleHead(("ctr",), **arguments)
