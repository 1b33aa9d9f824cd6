"""How good are the recipes? Test metrics on MovieLens-100k over some seeds, all models at one small common size.

    python benchmarks/quality.py [--data ml-100k] [--seeds 5]

prints a table and writes it, and every training's numbers, into benchmarks/results/quality.json. What was trained lies
in a folder (`--keep`), so that the same command goes on where it was stopped. `bstkit data fetch movielens-100k` brings
the log; RecBole's copy of it does as well.

The log's own features, leave-last-10; the size is that of `SIZE` and `COMMON`: no model is tuned, nor has it the size
that its paper gave it. `rating >= 4` counts as a click, which is a proxy: people rate what they chose to watch.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import machine, versions

import bstkit  # after the path
from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.data.feature_files import features_for
from bstkit.sweep.outcome import Outcome, Outcomes, train_once
from bstkit.sweep.table import COLUMNS, markdown, table_rows

RESULTS = Path(__file__).parent / "results" / "quality.json"
SIZE = {"dim": 16, "max_length": 20, "max_sessions": 4, "session_length": 10}
"""Width of every embedding, steps of the history; DSIN reads as many sessions, of so many steps."""

COMMON = ["head.units=[64,32]", "train.epochs=10", "train.patience=2"]
MODELS = {
    "bst_small": ("bst_small", {}, ["encoder.ffn_dim=64", "encoder.num_heads=2"]),
    "bst_deepctr": ("bst_deepctr", {}, []),
    "din": ("din", {}, []),
    "dien": ("dien", {}, []),
    "dsin": ("dsin", {}, []),
    "mean pool": ("din", {"pooling": "mean"}, []),
}


def small(features: Features) -> Features:
    """The same features at the common size."""
    spaces = {name: space.model_copy(update={"dim": SIZE["dim"]}) for name, space in features.spaces.items()}
    steps = {key: value for key, value in SIZE.items() if key != "dim"}
    history = {name: one.model_copy(update=steps) for name, one in features.history.items()}
    context = {
        name: one.model_copy(update={"dim": SIZE["dim"]}) if getattr(one, "dim", None) else one
        for name, one in features.context.items()
    }
    return features.model_copy(update={"spaces": spaces, "history": history, "context": context})


def selections() -> dict[str, Selection]:
    """Model -> what is trained."""
    return {
        name: bstkit.load_selection(recipe, slots=slots, settings=[*COMMON, *settings], environ={})
        for name, (recipe, slots, settings) in MODELS.items()
    }


def measure(data: Path, kept: Path, seeds: int, models: list[str]) -> dict[str, list[Outcome]]:
    """Train what is not there yet, seed by seed, so that a run cut short has whole rows of fewer seeds."""
    outcomes = Outcomes(kept)
    features = small(features_for(data))
    chosen = {name: one for name, one in selections().items() if name in models}
    found: dict[str, list[Outcome]] = {name: [] for name in chosen}
    for seed in range(seeds):
        for name, selection in chosen.items():
            outcome = outcomes.find(selection, seed)
            if outcome is None:
                outcome = train_once(selection, seed, data, features)
                outcomes.keep(selection, outcome)
            found[name].append(outcome)
            auc = outcome.test["ctr"]["auc"]
            print(f"{time.strftime('%H:%M:%S')} {name}, seed {seed}: test AUC {auc:.4f}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BSTKIT_MOVIELENS", "ml-100k")))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="only these; writes no JSON")
    parser.add_argument("--keep", type=Path, default=Path("quality"), help="folder of what was trained")
    options = parser.parse_args()
    if not options.data.exists():
        parser.error(f"no log at {options.data}: `bstkit data fetch movielens-100k` brings one, --data names it")
    found = measure(options.data, options.keep, options.seeds, options.models)
    rows = table_rows(found)
    print(markdown("test rows", rows), end="")
    if len(found) == len(MODELS):
        report = {
            "data": "MovieLens-100k, rating >= 4, leave-last-10",
            "machine": machine(),
            "versions": versions("tensorflow", "keras", "numpy", "bstkit"),
            "size": {**SIZE, "common": COMMON, "models": {name: list(one[2]) for name, one in MODELS.items()}},
            "columns": ["model", *COLUMNS],
            "table": rows,
            "outcomes": {name: [one.model_dump() for one in of_model] for name, of_model in found.items()},
        }
        RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
