"""Components that large recommenders made known, for bstkit: HSTU, target attention, PLE; and an export pass.

This module is imported whenever bstkit looks for plugins, so it holds records alone: Keras and the layers are imported
when a component is selected.
"""

from collections.abc import Iterator

from bstkit import Component, GraphPass, hookimpl


@hookimpl
def bstkit_components() -> Iterator[Component]:
    """Yield the components."""
    yield Component(
        kind="encoder",
        name="hstu",
        target="bstkit_industry.hstu:HstuEncoder",
        summary="Let the behaviours attend to each other without a softmax, gated, with relative positions.",
        reference="Zhai et al., 2024, arXiv:2402.17152 (HSTU)",
    )
    yield Component(
        kind="pooling",
        name="target_attention",
        target="bstkit_industry.target_attention:TargetAttentionPooling",
        summary="Attend from the candidate to the behaviours with several heads; to the best k of each, where asked.",
        reference="Chang et al., 2023, arXiv:2302.02352 (TWIN); Pi et al., 2020, arXiv:2006.05639 (SIM)",
    )
    yield Component(
        kind="head",
        name="ple",
        target="bstkit_industry.ple:PleHead",
        summary="Score each task with experts of its own beside shared ones, extracted level by level.",
        reference="Tang et al., 2020, RecSys (PLE)",
    )


@hookimpl
def bstkit_export_passes() -> Iterator[GraphPass]:
    """Yield the export pass."""
    yield GraphPass(
        name="merge_products",
        target="bstkit_industry.merge_products:merge_products",
        summary="Multiply an input by the weights of several dense layers in one product.",
    )
