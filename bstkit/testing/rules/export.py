"""ONNX Runtime gives TensorFlow's numbers."""

from bstkit.contracts import KINDS
from bstkit.testing.rule import NotApplicable
from bstkit.testing.subject import Subject, seen_as


def check(subject: Subject) -> None:
    """Export the small model, which verifies it on every named case at every optimisation level."""
    if KINDS[subject.kind.name].training_only:
        raise NotApplicable(f"an {subject.kind.name} is part of training alone, never of a served graph")
    with seen_as(
        "tf2onnx cannot convert an operation, or converts it wrongly; write the layer with plainer operations, or give "
        "it a `to_onnx` (bstkit.export.lowerings says how)"
    ):
        subject.exported  # noqa: B018 - made here, kept for the next rules
