"""Running files: what keeps an engine from working is no difference of scores."""

import numpy as np
import pytest

from bstkit.bundle.engine import Way
from bstkit.bundle.manifest import Vector
from bstkit.bundle.measure import Measured
from bstkit.bundle.vectors import DataSet, Piece
from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError, RunError
from bstkit.export.assignment import NodeRun

SCORES = np.array([[0.25]], np.float32)
NODE = NodeRun("a", "MatMul", "CPUExecutionProvider")


class Fake:
    """An engine whose session gives `scores`, or fails."""

    def __init__(self, scores=SCORES, failure=None, proof=None):
        self.scores, self.failure, self.proof = scores, failure, proof

    def run(self, names, inputs):
        if self.failure is not None:
            raise self.failure
        return dict.fromkeys(names, self.scores)

    def nodes(self):
        if self.proof is not None:
            raise self.proof
        return (NODE,)


def measure(tmp_path, session):
    vector = Vector(name="one", case="one", folder="", rows=1)
    data_set = DataSet(vector, (Piece({"x": SCORES}),), {"ctr": SCORES})
    measured = Measured([data_set], {"ctr": Tolerance(atol=1e-5, rtol=0.0)})
    measured.run_all(tmp_path / "model.onnx", [Way("Fake", "cpu", "all", lambda path, scratch: session)])
    return measured


def test_right_scores_are_compared_and_the_nodes_kept(tmp_path):
    measured = measure(tmp_path, Fake())
    assert not measured.mismatches
    assert [(one.case, one.provider, one.level, one.file) for one in measured.runs] == [
        ("one", "cpu", "all", "model.onnx")
    ]
    assert measured.nodes == {"cpu": {"all": (NODE,)}}
    assert measured.providers == {"cpu": {"all": {"CPUExecutionProvider": 1}}}


@pytest.mark.parametrize(
    ("session", "what"),
    [
        (Fake(SCORES + 1), "max |diff| 1 at row 0"),
        (Fake(SCORES * np.nan), "NaN or Inf in Fake at row 0"),
        (Fake(failure=ValueError("no such kernel")), "Fake failed: no such kernel"),
    ],
    ids=["wrong", "NaN", "failing"],
)
def test_what_an_engine_gets_wrong_is_listed(tmp_path, session, what):
    [mismatch] = measure(tmp_path, session).mismatches
    assert what in mismatch.what


@pytest.mark.parametrize("error", [ProviderError("did not run", ""), RunError("profile cut short", "")], ids=type)
def test_what_keeps_it_from_working_is_raised_as_it_is(tmp_path, error):
    with pytest.raises(type(error), match=str(error)):
        measure(tmp_path, Fake(proof=error))
