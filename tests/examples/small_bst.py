"""The seed model scaled down: its selection, its run folder, its inputs."""

import numpy as np

from bstkit.artefact import write_run
from bstkit.compose import compose
from bstkit.config.features import ContextId
from bstkit.config.selection import Selection, Use
from tests.models import SPACES, features

ROWS = {"item_id": SPACES["item"], "cate_id": SPACES["cate"], "user_id": SPACES["user"]} | {
    name: SPACES[name] for name in ("gender", "age")
}


def small_bst(**changed):
    """Recipe `bst`, scaled down."""
    uses = {
        "position": Use(key="position.sinusoidal", path="position", parameters={"scale": "sequence"}),
        "encoder": (
            Use(
                key="encoder.transformer",
                path="encoder",
                parameters={"num_blocks": 2, "num_heads": 2, "ffn_dim": 16},
            ),
        ),
        "pooling": (Use(key="pooling.flatten", path="pooling"),),
        "head": Use(key="head.mlp", path="head", parameters={"units": [12, 7, 5]}),
    }
    return Selection(**({"recipe": "bst", "candidate": "append"} | uses | changed))


def context_ids(*columns):
    """Context columns in this order."""
    return {column: features().context[column] for column in columns}


def write_small_run(folder, selection=None, context=None):
    """A run folder of the small model, as training leaves it."""
    table = features(dim=4, max_length=5, context=context)
    composed = compose(selection or small_bst(), table)
    folder.mkdir()
    write_run(
        folder,
        composed,
        vocabularies={name: [f"{name}{i}" for i in range(2, rows)] for name, rows in SPACES.items()},
        history=[{"epoch": 1}],
        metrics={},
        heldout=full_feeds(table),
        provenance={},
    )
    return folder


def full_feeds(table, rows=8):
    """Full-length histories."""
    rng = np.random.default_rng(1)
    steps = table.history["hist"].max_length
    context = {name: one.space for name, one in table.context.items() if isinstance(one, ContextId)}
    ids = {name: rng.integers(2, table.spaces[space].rows, rows) for name, space in {**table.target, **context}.items()}
    ids |= {
        f"hist_{name}": rng.integers(2, table.spaces[space].rows, (rows, steps))
        for name, space in table.history["hist"].fields.items()
    }
    return {name: values.astype(np.int32) for name, values in ids.items()}
