"""`[train] precision` may be short: the step stays finite, the weights float32."""

import keras
import numpy as np

from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.tiny_model import compose_tiny_model, training_rows
from bstkit.training.fit import compile_training

STEPS = 2

_OVERFLOW = "a fill like -1e9 is infinite in float16 (use -3e4), or a large sum leaves its range (sum in float32)"


def check(subject: Subject) -> None:
    """Train the small model for two steps in either precision."""
    for precision in ("mixed_bfloat16", "mixed_float16"):
        with (
            seen_as(
                "a tensor of a fixed float type meets one of the compute dtype; make sublayers with "
                "dtype=self.dtype_policy, and cast to the dtype of `sequence`"
            ),
        ):
            keras.utils.set_random_seed(0)
            composed = compose_tiny_model(subject.use, subject.registry, precision)
            compile_training(composed, STEPS)
            composed.training.run_eagerly = True
            inputs, labels = training_rows(composed)
            losses = [composed.training.train_on_batch(inputs, labels) for _ in range(STEPS)]
        losses = [float(np.ravel(loss)[0]) for loss in losses]
        if not np.isfinite(losses).all():
            raise RuleBroken(f"the loss in {precision} is {', '.join(f'{loss:.4g}' for loss in losses)}", _OVERFLOW)
        short = [one.path for one in composed.training.trainable_variables if one.dtype != "float32"]
        if short:
            raise RuleBroken(
                f"in {precision} these weights are not float32: {', '.join(short)}",
                "add_weight was given dtype=self.compute_dtype; leave the dtype out",
            )
        lost = [one.path for one in composed.training.variables if not np.isfinite(np.asarray(one, np.float64)).all()]
        if lost:
            raise RuleBroken(f"after {STEPS} steps in {precision} not finite: {', '.join(lost)}", _OVERFLOW)
