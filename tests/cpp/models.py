"""Models whose contracts hold, together, every kind of input that a caller can meet."""

from bstkit.compose import compose
from bstkit.config.features import ContextId, ContextNumeric, History, Space
from bstkit.config.selection import Stack, Use
from bstkit.export import export
from tests.bundle.conftest import KEYS
from tests.export.conftest import randomise
from tests.export.recipes import bst_small, features

ODD_KEYS = {
    **KEYS,
    "cate": ["?", "ä ö", "🔑", "-0", *(f"shelf {number}" for number in range(8))],
    "user": [*map(str, range(4)), *(str(-number) for number in range(1, 26))],
}
"""Keys that could be taken for unknown or padding ones, or for numbers that they are not."""


def small():
    """A transformer over a history of any length, and a numeric input."""
    return randomise(compose(bst_small(pooling="max"), features(dim=8, max_length=6, price=True)))


def din():
    """DIN: no encoder, a pooling that looks at the candidate."""
    activation = {"units": [8, 4], "activation": "dice", "weight_normalization": False}
    selection = bst_small().model_copy(
        update={
            "recipe": "din",
            "position": None,
            "encoder": (),
            "pooling": (Use(key="pooling.attention", path="pooling", parameters=activation),),
        }
    )
    return randomise(compose(selection, features(dim=4, max_length=6, price=True)))


def rich():
    """Sessions, a history with ages and a length, a multi-valued column with weights; hashed items."""
    table = features(dim=4, max_length=6)
    hist = table.history["hist"].model_copy(update={"session_gap_s": 60.0, "max_sessions": 2, "session_length": 3})
    seen = History(fields={"item_id": "item", "cate_id": "cate"}, max_length=5, length="num_seen", max_age_s=86400.5)
    tags = History(source="row", fields={"tags": "cate"}, max_length=3, weight="tag_weights")
    stacks = {
        "seen": Stack(
            position=Use(key="position.time_gap", path="branch.seen.position"),
            pooling=(Use(key="pooling.mean", path="branch.seen.pooling"),),
        ),
        "tags": Stack(
            encoder=(Use(key="encoder.weighted", path="branch.tags.encoder"),),
            pooling=(Use(key="pooling.sum", path="branch.tags.pooling"),),
        ),
    }
    session = Stack(pooling=(Use(key="pooling.mean", path="session.pooling"),))
    spaces = {**table.spaces, "item": Space(dim=4, hash_buckets=len(KEYS["item"]))}
    context = {"user_id": ContextId(space="user"), "price": ContextNumeric(numeric="standardise", mean=3.0, std=2.0)}
    return randomise(
        compose(
            bst_small("mean", "identity").model_copy(update={"session": session, "branches": stacks}),
            table.model_copy(
                update={"spaces": spaces, "history": {"hist": hist, "seen": seen, "tags": tags}, "context": context}
            ),
        )
    )


def export_all(folder):
    """One bundle a contract; their names are the folders'."""
    folder.mkdir()
    export(small(), folder / "small", vocabularies=KEYS)
    export(din(), folder / "din_raw", ids="raw", vocabularies=ODD_KEYS)
    composed = rich()
    export(composed, folder / "rich", vocabularies=ODD_KEYS)
    export(composed, folder / "rich_fixed", target="edge", edge_batch=4, vocabularies=ODD_KEYS)
