"""What `[train] class_weight` does to scores, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def weighted_scores(class_weight: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Each task whose positive rows counted more or less than others, and what its scores are then.

    Args:
        class_weight: task -> factor of the loss of its positive rows.
    """
    for task, weight in class_weight.items():
        if weight != 1.0:
            yield (
                task,
                f"scores are no probabilities: positive rows counted w = {weight:g} times in training (class_weight); "
                "a score s stands for a probability of about s / (s + w (1 - s))",
            )
