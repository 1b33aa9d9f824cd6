"""Weigh each behaviour by its relevance to the candidate."""

import keras

from bstkit.layers.local_activation import LocalActivationUnit


@keras.saving.register_keras_serializable(package="bstkit")
class AttentionScore(LocalActivationUnit):
    """DIN's local activation unit as a score: one weight a step, for the components after it.

    Arguments, call arguments and result are those of `bstkit.layers.local_activation.LocalActivationUnit`.

    Reference:
        Zhou et al., 2018, arXiv:1706.06978; DeepCTR `AttentionSequencePoolingLayer(return_score=True)`.
    """
