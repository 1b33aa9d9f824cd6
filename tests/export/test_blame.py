"""A step that breaks a model is named by the export itself, built-in passes included."""

import errno

import onnx_ir as ir
import pytest

from bstkit.component import GraphPass
from bstkit.errors import ExportError, VerificationError
from bstkit.export import export
from bstkit.export import passes as passes_module
from bstkit.export.targets import TARGETS, Target
from bstkit.export.verification import Verifier
from tests.export.test_export import do_nothing
from tests.export.test_passes import negate_last_sigmoid


@pytest.fixture(autouse=True)
def three_cases(monkeypatch):
    """Enough to see the difference; the search verifies after every step."""
    original = Verifier.__post_init__

    def fewer(self):
        original(self)
        self.cases = self.cases[:3]

    monkeypatch.setattr(Verifier, "__post_init__", fewer)


def break_pass(monkeypatch, name, damage):
    original = getattr(passes_module, name)

    def wrong(model):
        original(model)
        damage(model)

    monkeypatch.setattr(passes_module, name, wrong)


def give_an_attribute_that_is_unknown(model):
    """Make the graph invalid, in a way that shape inference does not mind."""
    next(iter(model.graph)).attributes["unknown"] = ir.AttrInt64("unknown", 1)


@pytest.mark.parametrize("name", ["fold_constants", "merge_repeats", "clip_to_zero_or_one"])
def test_built_in_pass_that_breaks_the_numbers_is_named(name, tiny_small, tmp_path, monkeypatch):
    break_pass(monkeypatch, name, negate_last_sigmoid)
    with pytest.raises(
        VerificationError, match=rf"^after built-in pass '{name}': ONNX Runtime and .* differ"
    ) as caught:
        export(tiny_small, tmp_path / "bundle")
    assert caught.value.exit_code == 1
    assert "output 'ctr', case 'typical'" in caught.value.message
    assert "tell the authors" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_built_in_pass_is_named_where_plugins_bring_passes_too(tiny_small, tmp_path, monkeypatch):
    break_pass(monkeypatch, "merge_chains", negate_last_sigmoid)
    nothing = GraphPass("nothing", f"{do_nothing.__module__}:do_nothing", "")
    with pytest.raises(VerificationError, match=r"^after built-in pass 'merge_chains': ONNX Runtime"):
        export(tiny_small, tmp_path / "bundle", passes=[nothing])


def test_built_in_pass_that_makes_the_graph_invalid_is_named(tiny_small, tmp_path, monkeypatch):
    break_pass(monkeypatch, "unwrap_softmax", give_an_attribute_that_is_unknown)
    with pytest.raises(ExportError, match=r"^after built-in pass 'unwrap_softmax': onnx\.checker refuses") as caught:
        export(tiny_small, tmp_path / "bundle")
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_rewrite_of_a_target_that_breaks_the_numbers_is_named(tiny_small, tmp_path, monkeypatch):
    wrong = Target("wrong", lambda model, composed: negate_last_sigmoid(model))
    monkeypatch.setitem(TARGETS, "portable", wrong)
    with pytest.raises(VerificationError, match=r"^after the rewrite for target 'portable': ONNX Runtime"):
        export(tiny_small, tmp_path / "bundle")


def test_search_that_fails_does_not_hide_what_was_found(tiny_small, tmp_path, monkeypatch):
    def full(self, model, providers=()):
        raise OSError(errno.ENOSPC, "No space left on device")

    break_pass(monkeypatch, "merge_chains", negate_last_sigmoid)
    monkeypatch.setattr(Verifier, "check", full)
    with pytest.raises(VerificationError, match=r"^ONNX Runtime and TensorFlow differ"):
        export(tiny_small, tmp_path / "bundle")


def test_export_that_succeeds_verifies_once(tiny_small, tmp_path, monkeypatch):
    monkeypatch.setattr(Verifier, "check", lambda *_, **__: pytest.fail("a step was verified on its own"))
    export(tiny_small, tmp_path / "bundle")
