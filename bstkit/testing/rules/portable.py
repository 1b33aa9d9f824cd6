"""The graph runs fast and everywhere."""

from bstkit.contracts import KINDS
from bstkit.export.contract import NotPortableError
from bstkit.testing.rule import NotApplicable, RuleBroken
from bstkit.testing.subject import Subject, seen_as


def check(subject: Subject) -> None:
    """Export the small model; the exporter looks for loops, double precision and operations of other domains."""
    if KINDS[subject.kind.name].training_only:
        raise NotApplicable(f"an {subject.kind.name} is part of training alone, never of a served graph")
    with seen_as("it was not exported, so its graph is not known; see exports_and_verifies"):
        try:
            subject.exported  # noqa: B018 - made here, or for the rule before
        except NotPortableError as error:
            raise RuleBroken(
                error.message,
                "a Loop comes from a while loop or a Keras RNN with a mask, float64 from NumPy numbers or a cast; give "
                "the layer a `to_onnx` with LSTM, GRU or Scan, and write np.float32(...)",
            ) from error
