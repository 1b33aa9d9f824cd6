"""Every built-in component, composed with an appended candidate and with one apart, exported and verified.

The cases that verification makes vary the lengths: empty, 1, full, over, holes, other paddings; and the batches.
"""

import inspect
from dataclasses import dataclass, field
from typing import Any

import onnx
import pytest

from bstkit.compose import compose
from bstkit.config.selection import Selection, Use
from bstkit.contracts import KINDS
from bstkit.errors import ComponentError, VerificationError
from bstkit.export import export
from bstkit.plugins import bstkit_components
from bstkit.registry import load_registry
from bstkit.slots import called_with, layer_name
from tests.export.conftest import randomise
from tests.export.recipes import features

COMPONENTS = {component.key: component for component in bstkit_components()}

SMALL = {
    "encoder.transformer": {"num_heads": 2, "ffn_dim": 8},
    "encoder.deepctr_transformer": {"num_heads": 2},
    "encoder.gru": {"units": 4},
    "encoder.bilstm": {"units": 8},
    "score.attention": {"units": [4]},
    "pooling.attention": {"units": [4]},
    "head.mlp": {"units": [8]},
    "head.cross": {"units": [8]},
    "head.mmoe": {"num_experts": 2, "expert_units": [8], "tower_units": [4]},
}
"""Parameters that keep the models small; a component that is not listed takes its defaults."""

FORMS = {
    "position.sinusoidal": [{"scale": "encoding", "trainable": True}, {"scale": "sequence"}],
    "position.time_gap": [{"num_buckets": 31}],
    "encoder.deepctr_transformer": [
        {"attention_type": "cos", "use_layer_norm": True},
        {"attention_type": "ln", "num_blocks": 2, "blinding": False},
        {"attention_type": "additive", "use_residual": False},
        {"use_positional_encoding": True, "num_blocks": 2},
        {"use_positional_encoding": True, "deepctr_exact": True, "blinding": False},
    ],
    "encoder.gru": [{"cell": cell} for cell in ("aigru", "agru", "augru")],
    "encoder.bilstm": [{"num_residual_layers": 1, "merge_mode": "concat"}, {"deepctr_exact": True}],
    "encoder.weighted": [{"weight_normalization": True}],
    "score.attention": [{"weight_normalization": True}, {"weight_normalization": True, "deepctr_exact": True}],
    "pooling.attention": [
        {"weight_normalization": True},
        {"weight_normalization": True, "deepctr_exact": True},
        {"activation": "dice"},
        {"activation": "prelu"},
    ],
    "pooling.mean": [{"include_padding": True}],
    "pooling.kmax": [{"k": 9}],
    "head.mlp": [{"activation": "dice", "batch_normalization": True}, {"units": []}],
    "head.cross": [{"structure": "stacked", "rank": 2, "activation": "prelu"}, {"units": []}],
    "head.mmoe": [{"num_experts": 1}, {"tower_units": []}],
}
"""Further parameters, each a model of its own."""

READS_PADDING = {"encoder.bilstm": "deepctr_exact", "pooling.mean": "include_padding"}
"""Parameters with which padding counts: verification refuses such models unless all histories have one length."""

REFUSED = {
    ("position.session_bias", "append"): "needs a history that is cut into sessions",
    ("position.session_bias", "apart"): "needs a history that is cut into sessions",
}
"""What compose refuses, and why. A component that requires `prefix_mask` is refused with an appended candidate, too."""


@dataclass(frozen=True)
class Composition:
    """One component in a model that is otherwise as plain as possible.

    Args:
        key: the component.
        candidate: `"append"` or `"apart"`.
        scored: a score.attention stands before the component.
        parameters: its parameters beside the small ones.
    """

    key: str
    candidate: str
    scored: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        form = [f"{name}={value}" for name, value in self.parameters.items()]
        return "-".join([self.key, self.candidate, *["scored"] * self.scored, *form])

    @property
    def kind(self) -> str:
        """The component's kind."""
        return COMPONENTS[self.key].kind

    @property
    def refusal(self) -> str | None:
        """Why compose refuses it; None where it does not."""
        if "prefix_mask" in COMPONENTS[self.key].requires and self.candidate == "append":
            return "an appended candidate stands behind padding"
        return REFUSED.get((self.key, self.candidate))

    @property
    def reads_padding(self) -> bool:
        """Padding counts as steps do."""
        return READS_PADDING.get(self.key) in self.parameters

    @property
    def own_use(self) -> Use:
        """The component in its slot."""
        path = self.kind if self.kind in ("position", "pooling", "head") else "encoder"
        return use(self.key, "encoder.1" if path == "encoder" and self.scored else path, self.parameters)

    def selection(self) -> Selection:
        """The component between others that every model needs."""
        own = self.own_use
        encoders = [use("score.attention", "encoder.0" if own.path == "encoder.1" else "encoder")] * self.scored
        if own.path.startswith("encoder"):
            encoders.append(own)
        return Selection(
            recipe="component",
            candidate=self.candidate,
            position=own if self.kind == "position" else None,
            encoder=tuple(encoders) or (use("encoder.identity", "encoder"),),
            pooling=(own if self.kind == "pooling" else use("pooling.sum", "pooling"),),
            head=own if self.kind == "head" else use("head.mlp", "head"),
            length="fixed" if self.reads_padding else "free",
        )


def use(key: str, path: str, parameters: dict[str, Any] | None = None) -> Use:
    """A component with small parameters."""
    return Use(key=key, path=path, parameters=SMALL.get(key, {}) | (parameters or {}))


def compositions() -> list[Composition]:
    """Every component in its default form, and the further forms, both with the candidate appended and apart.

    What reads weights has a score before it; where it can do without, its default form is also tried without.
    """
    registry = load_registry()
    made = []
    for key, component in COMPONENTS.items():
        if KINDS[component.kind].training_only:
            continue
        weight = called_with(registry.load_class(key)).get("weight")
        scores = [weight is not None]
        if weight is not None and weight.default is not inspect.Parameter.empty:
            scores.append(False)
        for candidate in ("append", "apart"):
            made += [Composition(key, candidate, scored) for scored in scores]
            made += [Composition(key, candidate, scores[0], parameters) for parameters in FORMS.get(key, [])]
    return made


@pytest.fixture(scope="module")
def tiny_features():
    return features(dim=4, max_length=5)


@pytest.mark.parametrize("composition", [c for c in compositions() if not c.refusal], ids=str)
def test_component_exports_and_verifies(composition, tiny_features, tmp_path):
    composed = randomise(compose(composition.selection(), tiny_features))
    report = export(composed, tmp_path / "bundle")
    model = onnx.load(tmp_path / "bundle" / "model.onnx")
    assert {"empty_history", "length_1", "full_length", "over_length", "holes", "batch_1"} <= set(report.cases)
    assert not {"Loop", "If"} & {node.op_type for node in all_nodes(model.graph)}
    assert onnx.TensorProto.DOUBLE not in dtypes(model)
    own = layer_name(composition.own_use)
    assert composition.key == "encoder.identity" or any(node.name.startswith(own) for node in model.graph.node)


@pytest.mark.parametrize("composition", [c for c in compositions() if c.refusal], ids=str)
def test_refused_component_says_why(composition, tiny_features):
    with pytest.raises(ComponentError, match=composition.refusal):
        compose(composition.selection(), tiny_features)


@pytest.mark.parametrize("composition", [c for c in compositions() if c.reads_padding], ids=str)
def test_model_that_reads_padding_is_refused_where_lengths_are_free(composition, tiny_features, tmp_path):
    selection = composition.selection().model_copy(update={"length": "free"})
    with pytest.raises(VerificationError) as caught:
        export(randomise(compose(selection, tiny_features)), tmp_path / "bundle")
    mismatches = [line for line in caught.value.message.splitlines() if line.startswith("  output")]
    assert mismatches
    assert all("case 'padding_invariance', its two data sets differ" in line for line in mismatches)


def test_lists_name_components_that_exist():
    assert {*SMALL, *FORMS, *READS_PADDING, *(key for key, _ in REFUSED)} <= set(COMPONENTS)


def all_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes of a graph and of the bodies inside it."""
    inner = [a.g for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
    return [*graph.node, *(node for body in inner for node in all_nodes(body))]


def dtypes(model: onnx.ModelProto) -> set[int]:
    """The element types of everything that has one."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    casts = {a.i for node in all_nodes(graph) if node.op_type == "Cast" for a in node.attribute if a.name == "to"}
    return {v.type.tensor_type.elem_type for v in values} | {t.data_type for t in graph.initializer} | casts
