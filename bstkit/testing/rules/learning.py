"""Training moves every weight."""

import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bstkit import slots
from bstkit.testing.rule import NotApplicable, RuleBroken
from bstkit.testing.subject import Subject, seen_as

TRIES = 3
"""Batches whose gradients are added: one may leave a unit dark."""


def check(subject: Subject) -> None:
    """Take the gradient of a sum of the results, each times a number of its own."""
    with seen_as("the layer cannot be differentiated"):
        layer = subject.layer()
        if not layer.trainable_variables:
            raise NotApplicable("it has no trainable weights")
        moved = [0.0] * len(layer.trainable_variables)
        for seed in range(TRIES):
            for place, size in enumerate(_gradients(subject, layer, seed)):
                moved[place] += size
    paths = [variable.path for variable in layer.trainable_variables]
    still = [path for path, size in zip(paths, moved, strict=True) if size == 0.0]
    if still:
        raise RuleBroken(
            f"no gradient reaches {', '.join(still)} ({len(still)} of {len(paths)} weights)",
            "it is not used; or stop_gradient, rounding, a comparison or NumPy stands between it and the result",
        )
    wrong = [path for path, size in zip(paths, moved, strict=True) if not np.isfinite(size)]
    if wrong:
        raise RuleBroken(
            f"the gradient of {', '.join(wrong)} is not finite",
            "a square root, norm, logarithm or division at 0; masked steps count too, since 0 times infinity is NaN",
        )


def _gradients(subject: Subject, layer: Any, seed: int) -> list[float]:
    """The largest part of the gradient of each trainable weight; 0 where there is none."""
    tensors = {name: tf.convert_to_tensor(values) for name, values in subject.tensors(seed=seed).items()}
    positional, named = slots.arguments(layer, subject.use, tensors)
    if "training" in inspect.signature(type(layer).call).parameters:
        named["training"] = True
    rng = np.random.default_rng(seed)
    with tf.GradientTape() as tape:
        returned = layer(*positional, **named)
        total = 0.0
        for result in keras.tree.flatten(returned):
            weights = rng.normal(size=result.shape).astype(np.float32)
            if subject.kind.writes == "sequence":
                weights = weights * subject.mask[..., None]
            total = total + tf.reduce_sum(tf.cast(result, "float32") * weights)
    gradients = tape.gradient(total, [variable.value for variable in layer.trainable_variables])
    return [0.0 if one is None else float(tf.reduce_max(tf.abs(tf.convert_to_tensor(one)))) for one in gradients]
