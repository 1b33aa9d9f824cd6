"""The built-in components: one record a row, one file a class."""

from collections.abc import Iterator

from bstkit.component import Component
from bstkit.hookspecs import hookimpl

_VASWANI = "Vaswani et al., 2017, arXiv:1706.03762"
_DIN = "Zhou et al., 2018, arXiv:1706.06978 (DIN)"
_BST = "Chen et al., 2019, arXiv:1905.06874 (BST)"
_DIEN = "Zhou et al., 2019, arXiv:1809.03672 (DIEN)"
_DCN = "Wang et al., 2020, arXiv:2008.13535 (DCN-v2)"
_MMOE = "Ma et al., 2018, KDD (MMoE)"
_SEQUENCE_POOLING = "DeepCTR SequencePoolingLayer"

COMPONENTS = (
    Component(
        "position",
        "sinusoidal",
        "bstkit.plugins.sinusoidal:SinusoidalPosition",
        "Add sines and cosines of each step's position; fixed, or the start of a learned table.",
        f"{_VASWANI}; DeepCTR PositionEncoding",
    ),
    Component(
        "position",
        "learned",
        "bstkit.plugins.learned_position:LearnedPosition",
        "Add a learned vector of each step's position.",
        "Gehring et al., 2017, arXiv:1705.03122",
    ),
    Component(
        "position",
        "time_gap",
        "bstkit.plugins.time_gap:TimeGapPosition",
        "Add a learned vector of how long ago each behaviour happened, in log2 buckets of seconds.",
        _BST,
    ),
    Component(
        "position",
        "session_bias",
        "bstkit.plugins.session_bias:SessionBiasPosition",
        "Add learned biases of each step's session and position, and of each channel.",
        "Feng et al., 2019, arXiv:1905.06482 (DSIN); DeepCTR BiasEncoding",
        frozenset({"sessions"}),
    ),
    Component(
        "encoder",
        "transformer",
        "bstkit.plugins.transformer:TransformerEncoder",
        "Let the behaviours attend to each other in post-norm transformer blocks.",
        f"{_BST}; {_VASWANI}",
    ),
    Component(
        "encoder",
        "bilstm",
        "bstkit.plugins.bilstm:BiLSTMEncoder",
        "Read the behaviours in both directions with stacks of LSTMs.",
        "DeepCTR BiLSTM",
    ),
    Component(
        "encoder",
        "gru",
        "bstkit.plugins.gru:GRUEncoder",
        "Read the behaviours with a GRU, or let scores weigh its updates (AIGRU, AGRU, AUGRU).",
        f"{_DIEN}; DeepCTR DynamicGRU",
    ),
    Component(
        "encoder",
        "deepctr_transformer",
        "bstkit.plugins.deepctr_transformer:DeepctrTransformerEncoder",
        "Let the behaviours attend to each other without biases: dot product, cosine, normalised or additive scores.",
        f"{_VASWANI}; DeepCTR Transformer(output_type=None)",
    ),
    Component(
        "encoder",
        "identity",
        "bstkit.plugins.identity:IdentityEncoder",
        "Leave the sequence as it is: the baseline for every other encoder.",
    ),
    Component(
        "encoder",
        "weighted",
        "bstkit.plugins.weighted:WeightedEncoder",
        "Multiply each behaviour by its weight, of a score or of the log.",
        "DeepCTR WeightedSequenceLayer",
    ),
    Component(
        "score",
        "attention",
        "bstkit.plugins.attention_score:AttentionScore",
        "Weigh each behaviour by its match with the candidate, for the components that follow.",
        f"{_DIN}; DeepCTR AttentionSequencePoolingLayer(return_score=True)",
    ),
    Component(
        "pooling",
        "attention",
        "bstkit.plugins.attention_pooling:AttentionPooling",
        "Sum the behaviours, each weighed by its match with the candidate.",
        f"{_DIN}; DeepCTR AttentionSequencePoolingLayer",
    ),
    Component(
        "pooling",
        "mean",
        "bstkit.plugins.mean_pooling:MeanPooling",
        "Average the real steps; zeros for an empty history.",
        f'{_SEQUENCE_POOLING}(mode="mean")',
    ),
    Component(
        "pooling",
        "sum",
        "bstkit.plugins.sum_pooling:SumPooling",
        "Add up the real steps; zeros for an empty history.",
        f'{_SEQUENCE_POOLING}(mode="sum")',
    ),
    Component(
        "pooling",
        "max",
        "bstkit.plugins.max_pooling:MaxPooling",
        "Keep the largest value of each feature over the real steps; zeros for an empty history.",
        f'{_SEQUENCE_POOLING}(mode="max")',
    ),
    Component(
        "pooling",
        "kmax",
        "bstkit.plugins.kmax_pooling:KMaxStepPooling",
        "Keep the k largest values of each feature over the real steps; zeros for an empty history.",
        "DeepCTR KMaxPooling",
    ),
    Component(
        "pooling",
        "last",
        "bstkit.plugins.last_pooling:LastPooling",
        "Keep the most recent real step; zeros for an empty history.",
    ),
    Component(
        "pooling",
        "flatten",
        "bstkit.plugins.flatten_pooling:FlattenPooling",
        "Lay all steps side by side, zeros at masked ones; needs histories of one fixed length.",
        _BST,
        frozenset({"fixed_length"}),
    ),
    Component(
        "objective",
        "next_step",
        "bstkit.plugins.next_step_objective:NextStepObjective",
        "Train the encoder's states to tell the next behaviour from a sampled one.",
        f"{_DIEN}; DeepCTR DIEN(use_negsampling=True)",
    ),
    Component(
        "head",
        "mlp",
        "bstkit.plugins.mlp:MlpHead",
        "Score pooled behaviours and context with dense layers, one logit a task.",
        _BST,
    ),
    Component(
        "head",
        "cross",
        "bstkit.plugins.cross_head:CrossHead",
        "Cross all features explicitly, beside or below dense layers, one logit a task.",
        _DCN,
    ),
    Component(
        "head",
        "mmoe",
        "bstkit.plugins.mmoe_head:MmoeHead",
        "Score each task with its own gate and tower over experts that the tasks share.",
        _MMOE,
    ),
)


@hookimpl
def bstkit_components() -> Iterator[Component]:
    """Yield the built-in components."""
    yield from COMPONENTS
