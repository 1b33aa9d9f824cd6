"""What this package provides: one component of every kind, a callback and an export pass."""

from bstkit import Component, GraphPass, hookimpl

_LAYERS = "bstkit_first_contract.layers"


@hookimpl
def bstkit_components():
    yield Component(
        kind="position",
        name="first_steps",
        target=f"{_LAYERS}:FirstSteps",
        summary="Add a learned vector a step, and less of it the older a step is.",
        reference="none",
        requires=frozenset(),
        contract=1,
    )
    yield Component("encoder", "first_mix", f"{_LAYERS}:FirstMix", "Mix each step with the candidate.", "none", frozenset())
    yield Component(kind="score", name="first_dot", target=f"{_LAYERS}:FirstDot", summary="Compare with the candidate.")
    yield Component(kind="pooling", name="first_mean", target=f"{_LAYERS}:FirstMean", summary="Average the steps.")
    yield Component(
        kind="pooling",
        name="first_flat",
        target=f"{_LAYERS}:FirstFlat",
        summary="Lay the steps side by side.",
        requires=frozenset({"fixed_length"}),
    )
    yield Component(kind="objective", name="first_next", target=f"{_LAYERS}:FirstNext", summary="Tell steps from samples.")
    yield Component(kind="head", name="first_linear", target=f"{_LAYERS}:FirstLinear", summary="One linear logit a task.")


@hookimpl
def bstkit_callbacks(run):
    from bstkit_first_contract.watching import Watch

    yield Watch(run.composed.selection.recipe, run.composed.features.tasks, run.dataset)


@hookimpl
def bstkit_export_passes():
    yield GraphPass(name="first_mark", target="bstkit_first_contract.passes:mark", summary="Leave a mark in the graph.")
