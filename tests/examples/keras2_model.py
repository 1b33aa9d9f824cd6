"""The model of bst_model_summary.txt as arrays: its Keras 2 file in both layouts, and its logit in NumPy float64."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

Layers = dict[str, dict[str, np.ndarray]]


@dataclass
class Keras2Model:
    """Random weights under the names that Keras 2 gives.

    Args:
        rows: column -> table rows.
        dim: width of every table.
        steps: history and candidate.
        ffn_dim: hidden width of the feed-forward networks.
        units: widths of FC_1 to FC_3.
        num_heads: heads of the two blocks.
        seed: of the weights.
    """

    rows: dict[str, int]
    dim: int = 4
    steps: int = 6
    ffn_dim: int = 16
    units: tuple[int, ...] = (12, 7, 5)
    num_heads: int = 2
    seed: int = 0
    layers: Layers = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        rows, dim, width = self.rows, self.dim, 2 * self.dim
        self.layers = {
            "item_id_embedding": self._table("item_id_embedding", rows["item_id"]),
            "cate_id_embedding": self._table("cate_id_embedding", rows["cate_id"]),
            "encoder_21": {
                name: array
                for block in (42, 43)
                for name, array in self._block(f"encoder_21/encoder_layer_{block}", block)
            },
            "user_id_embedding_layer": self._table("user_id_embedding_layer", rows["user_id"]),
            "gender_embedding_layer": self._table("gender_embedding_layer", rows["gender"]),
            "age_embedding_layer": self._table("age_embedding_layer", rows["age"]),
            "dropout_1": {},
        }
        sizes = (self.steps * width + 3 * dim, *self.units, 1)
        for name, before, after in zip(
            ("FC_1", "FC_2", "FC_3", "Sigmoid_output_layer"), sizes, sizes[1:], strict=False
        ):
            self.layers[name] = dict(self._dense(name, before, after))

    def write(self, path: Path, whole_model: bool = False) -> Path:
        """Write what `save_weights` writes, or with `whole_model` what `save` writes."""
        with h5py.File(path, "w") as file:
            root = file.create_group("model_weights") if whole_model else file
            if whole_model:
                file.create_group("optimizer_weights")
            root.attrs["layer_names"] = [name.encode() for name in self.layers]
            for layer, weights in self.layers.items():
                group = root.create_group(layer)
                group.attrs["weight_names"] = [name.encode() for name in weights]
                for name, array in weights.items():
                    group[name] = array
        return path

    def weight(self, name: str) -> np.ndarray:
        """One array by its full name."""
        return {key: array for weights in self.layers.values() for key, array in weights.items()}[name]

    def logit(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        """Score full-length histories, `(batch,)` float64: two post-norm blocks over the steps, dense layers."""
        ids = {
            column: np.concatenate([feeds[f"hist_{column}"], feeds[column][:, None]], axis=1)
            for column in ("item_id", "cate_id")
        }
        x = np.concatenate([self._rows(f"{column}_embedding", ids[column]) for column in ids], axis=-1)
        x = x * np.sqrt(x.shape[-1]) + _sinusoids(self.steps, x.shape[-1])
        names = list(self.layers["encoder_21"])
        for block in (42, 43):
            x = self._encode(x, [name for name in names if f"encoder_layer_{block}/" in name])
        context = [self._rows(f"{column}_embedding_layer", feeds[column]) for column in ("user_id", "gender", "age")]
        hidden = np.concatenate([x.reshape(len(x), -1), *context], axis=-1)
        for name in ("FC_1", "FC_2", "FC_3"):
            hidden = np.maximum(self._apply(name, hidden), 0)
        return self._apply("Sigmoid_output_layer", hidden)[:, 0]

    def _encode(self, x: np.ndarray, names: list[str]) -> np.ndarray:
        dense = [name.removesuffix("/kernel:0") for name in names if name.endswith("/kernel:0")]
        norms = [name.removesuffix("/gamma:0") for name in names if name.endswith("/gamma:0")]
        query, key, value = (self._heads(self._apply(name, x)) for name in dense[:3])
        scores = np.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        attended = np.einsum("bhqk,bkhd->bqhd", weights, value).reshape(x.shape)
        x = self._normalise(norms[0], x + self._apply(dense[3], attended))
        return self._normalise(norms[1], x + self._apply(dense[5], np.maximum(self._apply(dense[4], x), 0)))

    def _heads(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(*x.shape[:2], self.num_heads, -1)

    def _apply(self, layer: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weight(f"{layer}/kernel:0").astype(np.float64) + self.weight(f"{layer}/bias:0")

    def _normalise(self, layer: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        normal = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
        return normal * self.weight(f"{layer}/gamma:0") + self.weight(f"{layer}/beta:0")

    def _rows(self, layer: str, ids: np.ndarray) -> np.ndarray:
        return self.weight(f"{layer}/embeddings:0").astype(np.float64)[ids]

    def _array(self, *shape: int, mean: float = 0.0) -> np.ndarray:
        scale = 1.5 / np.sqrt(shape[0]) if len(shape) == 2 else 0.1
        return self.rng.normal(mean, scale, shape).astype(np.float32)

    def _table(self, layer: str, rows: int) -> dict[str, np.ndarray]:
        table = self.rng.normal(0, 0.3, (rows, self.dim)).astype(np.float32)
        return {f"{layer}/embeddings:0": table}

    def _dense(self, path: str, before: int, after: int) -> Iterator[tuple[str, np.ndarray]]:
        yield f"{path}/kernel:0", self._array(before, after)
        yield f"{path}/bias:0", self._array(after)

    def _block(self, path: str, number: int) -> Iterator[tuple[str, np.ndarray]]:
        width = 2 * self.dim
        first = 252 + 6 * (number - 42)
        for dense in range(first, first + 4):
            yield from self._dense(f"{path}/multi_head_attention_{number}/dense_{dense}", width, width)
        yield from self._dense(f"{path}/sequential_{number}/dense_{first + 4}", width, self.ffn_dim)
        yield from self._dense(f"{path}/sequential_{number}/dense_{first + 5}", self.ffn_dim, width)
        for norm in (2 * number, 2 * number + 1):
            yield f"{path}/layer_normalization_{norm}/gamma:0", self._array(width, mean=1.0)
            yield f"{path}/layer_normalization_{norm}/beta:0", self._array(width)


def _sinusoids(steps: int, width: int) -> np.ndarray:
    angle = np.arange(steps)[:, None] / 10000 ** (2 * (np.arange(width) // 2) / width)
    return np.where(np.arange(width) % 2, np.cos(angle), np.sin(angle))
