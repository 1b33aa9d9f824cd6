"""Plain Keras layers that components are made of. They know nothing of kinds, slots or registries.

The nine sequence layers of DeepCTR, in every documented form, are the public names below, imported when they are first
used; `bstkit.layers.deepctr_names` translates DeepCTR's names and arguments into ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bstkit.layers.attention_sequence_pooling import AttentionSequencePooling
    from bstkit.layers.bias_encoding import BiasEncoding
    from bstkit.layers.bilstm import BiLSTM
    from bstkit.layers.deepctr_transformer import DeepctrTransformer
    from bstkit.layers.dynamic_gru import DynamicGRU
    from bstkit.layers.kmax_pooling import KMaxPooling
    from bstkit.layers.position_encoding import PositionEncoding
    from bstkit.layers.sequence_pooling import SequencePooling
    from bstkit.layers.weighted_sequence import WeightedSequence

__all__ = [
    "AttentionSequencePooling",
    "BiLSTM",
    "BiasEncoding",
    "DeepctrTransformer",
    "DynamicGRU",
    "KMaxPooling",
    "PositionEncoding",
    "SequencePooling",
    "WeightedSequence",
]

_MODULES = {
    "AttentionSequencePooling": "attention_sequence_pooling",
    "BiLSTM": "bilstm",
    "BiasEncoding": "bias_encoding",
    "DeepctrTransformer": "deepctr_transformer",
    "DynamicGRU": "dynamic_gru",
    "KMaxPooling": "kmax_pooling",
    "PositionEncoding": "position_encoding",
    "SequencePooling": "sequence_pooling",
    "WeightedSequence": "weighted_sequence",
}


def __getattr__(name: str) -> Any:
    """Import a layer from the module that defines it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'bstkit.layers' has no attribute {name!r}")
    return getattr(import_module(f"bstkit.layers.{_MODULES[name]}"), name)
