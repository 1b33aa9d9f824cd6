"""Weigh each behaviour by its relevance to the candidate."""

import keras

from bstkit.layers.local_activation import LocalActivationUnit


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionScore(LocalActivationUnit):
    """DIN's local activation unit as a score: one weight a step, for the components after it.

    Args:
        units: hidden widths of the unit. Defaults to `(80, 40)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"sigmoid"`.
        weight_normalization: bool, softmax the weights over the real steps. Defaults to `False`, as in the paper.
        deepctr_exact: bool, DeepCTR's own numbers, which read padding: with `weight_normalization` the weights of an
            empty history are spread evenly over its masked steps; dice learns from masked steps; NaN there spreads.
            Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, True at real steps.
        target: float tensor `(batch, dim)`.

    Returns:
        Float tensor `(batch, time)`, exactly 0 at masked steps, but see `deepctr_exact`.

    Raises:
        ValueError: a width is below 1, the activation is unknown, or `target` and `sequence` differ in width.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer(return_score=True)`.
    """
