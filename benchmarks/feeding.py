"""Time what feeds training beside training itself, and what bucketing by length is worth.

    python benchmarks/feeding.py [--dataset FOLDER]

prints two tables and writes benchmarks/results/feeding.json.

Feeding: `din` as `bstkit train` fits it, beside the batches alone, from memory and from arrays mapped from disk; long
histories of at most 50 steps, a catalogue of 100,000 items. `--dataset` names a prepared dataset to feed from instead.

Bucketing: `din` and `bst_small` trained on a log whose users are long-tailed, so that a history of at most 50 clicks
has 12 on average. Two models from one seed take turns, epoch by epoch, over the same rows: one with `train.bucketing`,
one without. Beside the rate stand the best validation metrics of each seed. The exit code is 1 when feeding is not 10
times faster than training, or bucketing does not train 1.5 times faster.

All sides take turns, so that each ratio compares neighbours in time: seconds depend on the machine and on what else it
does, read the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.machine import machine, versions  # after the path
from bstkit.compose import Composed, compose
from bstkit.config.resolve import load_selection
from bstkit.data.dataset import SPLITS, Dataset, HistorySteps
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import history_lengths, steps_per_epoch
from bstkit.data.prepared.folder import open_dataset
from bstkit.data.synthetic import Sizes, click_log
from bstkit.training.fit import compile_training, make_repeatable, training_batches
from bstkit.training.scorer import Scorer

RESULTS = Path(__file__).parent / "results" / "feeding.json"
LONG = Sizes(users=2_000, items=100_000, categories=300, median_events=130.0, min_events=60, max_events=200)
TAILED = Sizes(users=1_000, median_events=31.0, min_events=8, max_events=300)
BATCHES = (256, 1024)
FED_ROWS, TRAINED_ROWS = 2**18, 8_192
BUCKETED = ("din", "bst_small")
BUCKETED_BATCH = 256
VALIDATION_EVENTS = 6
AIMS = {"feeding": 10.0, "bucketing": 1.5}


@dataclass(frozen=True)
class Turn:
    """What one turn took."""

    rows: int
    seconds: float
    cpu_seconds: float


def timed(run: Callable[[], int]) -> Turn:
    """Run once; the function returns how many rows it worked on."""
    start, cpu = time.perf_counter(), time.process_time()
    rows = run()
    return Turn(rows, time.perf_counter() - start, time.process_time() - cpu)


def generated(sizes: Sizes, events: str) -> Dataset:
    """The embedded log's rules at another size; histories of all events or of clicks; the last are validation."""
    log = click_log(0, sizes)
    _, user = np.unique(log["user_id"], return_inverse=True)
    order = np.lexsort((log["timestamp"], user))
    user = user[order]
    features = features_for(None)
    histories = {name: history.model_copy(update={"events": events}) for name, history in features.history.items()}
    ids, spaces = {}, dict(features.spaces)
    for column in (*features.target, *features.context):
        keys, number = np.unique(log[column], return_inverse=True)
        ids[column] = (number[order] + 2).astype(np.int32)
        space = features.target.get(column) or features.context[column].space
        spaces[space] = spaces[space].model_copy(update={"rows": len(keys) + 2})
    rows, start = np.arange(len(user)), np.searchsorted(user, user)
    label = log["click"][order]
    kept = np.ones(len(user), bool) if events == "all" else label == 1
    event, before = np.flatnonzero(kept), np.cumsum(kept) - kept
    left = np.searchsorted(user, user, side="right") - rows
    split = np.where(left > VALIDATION_EVENTS, SPLITS.index("train"), SPLITS.index("validation"))
    return Dataset(
        features=features.model_copy(update={"spaces": spaces, "history": histories}),
        vocabularies={},
        target={column: ids[column] for column in features.target},
        context={column: ids[column] for column in features.context},
        labels={"ctr": label.astype(np.float32)},
        user=user,
        time=log["timestamp"][order].astype(np.float64),
        row=order,
        split=split.astype(np.int8),
        history={
            name: HistorySteps({column: ids[column][event] for column in history.fields}, before[start], before, event)
            for name, history in features.history.items()
        },
        origin="generated",
    )


def sized(sizes: Sizes, quick: bool) -> Sizes:
    """The sizes, or few users and items of the same kind."""
    return replace(sizes, users=60, items=600) if quick else sizes


def mapped(value: Any, folder: Path) -> Any:
    """The same dataset with every array in a file of its own, read as it is needed."""
    if isinstance(value, np.ndarray):
        path = folder / f"{len(list(folder.iterdir()))}.npy"
        np.save(path, value)
        return np.load(path, mmap_mode="r")
    if isinstance(value, Mapping):
        return {key: mapped(one, folder) for key, one in value.items()}
    if is_dataclass(value):
        return replace(value, **{field.name: mapped(getattr(value, field.name), folder) for field in fields(value)})
    return value


def composed(recipe: str, dataset: Dataset, **train: Any) -> Composed:
    """A model ready to be fitted."""
    settings = [f"train.{key}={json.dumps(value)}" for key, value in train.items()]
    selection = load_selection(recipe, settings=settings, environ={})
    make_repeatable(selection.train.seed)
    model = compose(selection, dataset.features)
    compile_training(model, steps_per_epoch(dataset, "train", selection.train.batch_size))
    return model


def train(model: Composed, dataset: Dataset, steps: int, epoch: int) -> int:
    """Fit some steps of an epoch; return the rows."""
    data = training_batches(model, dataset, first_epoch=epoch)
    model.training.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)
    return min(steps * model.selection.train.batch_size, len(dataset.rows("train")))


def feed(model: Composed, dataset: Dataset, epoch: int) -> int:
    """Make batches as training does and throw them away; return the rows."""
    size = model.selection.train.batch_size
    steps = min(FED_ROWS // size, steps_per_epoch(dataset, "train", size))
    for _ in training_batches(model, dataset, first_epoch=epoch).take(steps):
        pass
    return min(steps * size, len(dataset.rows("train")))


def rates(turns: Mapping[str, Sequence[Turn]]) -> dict[str, Any]:
    """Median rows/s and CPU seconds a million rows of each side."""
    return {
        side: {
            "rows/s": round(statistics.median(turn.rows / turn.seconds for turn in taken)),
            "cpu s / 1e6 rows": round(statistics.median(turn.cpu_seconds / turn.rows for turn in taken) * 1e6, 1),
        }
        for side, taken in turns.items()
    }


def ratio(turns: Mapping[str, Sequence[Turn]], fast: str, slow: str, of: str = "seconds") -> float:
    """Median over turns of how many times faster one side is."""
    pairs = zip(turns[fast], turns[slow], strict=True)
    return round(statistics.median((getattr(b, of) / b.rows) / (getattr(a, of) / a.rows) for a, b in pairs), 2)


def measure_feeding(dataset: Dataset, stored: Dataset, repeats: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Batches alone and training, in turns, at each batch size."""
    found = {}
    for size in sizes:
        model = composed("din", dataset, batch_size=size)
        sides: dict[str, Callable[[int], int]] = {
            "memory": lambda epoch, model=model: feed(model, dataset, epoch),
            "disk": lambda epoch, model=model: feed(model, stored, epoch),
            "training": lambda epoch, model=model, size=size: train(model, stored, TRAINED_ROWS // size, epoch),
        }
        turns: dict[str, list[Turn]] = {side: [] for side in sides}
        for turn in range(repeats + 1):
            for side, run in sides.items():
                taken = timed(lambda run=run, turn=turn: run(turn))
                if turn:  # the first one traces and reads files
                    turns[side].append(taken)
        found[str(size)] = {
            "sides": rates(turns),
            "memory / training": ratio(turns, "memory", "training"),
            "disk / training": ratio(turns, "disk", "training"),
            "disk / training, cpu": ratio(turns, "disk", "training", "cpu_seconds"),
        }
        show_feeding(size, found[str(size)])
    return found


def measure_bucketing(recipe: str, dataset: Dataset, seeds: int, epochs: int) -> dict[str, Any]:
    """Train with and without bucketing, epoch by epoch in turns, from each seed."""
    steps = steps_per_epoch(dataset, "train", BUCKETED_BATCH)
    turns: dict[str, list[Turn]] = {"bucketed": [], "by chance": []}
    best: dict[str, list[dict[str, float]]] = {side: [] for side in turns}
    for seed in range(seeds):
        models = {
            side: composed(recipe, dataset, batch_size=BUCKETED_BATCH, seed=seed, bucketing=side == "bucketed")
            for side in turns
        }
        scorers = {side: Scorer(model, dataset, "validation") for side, model in models.items()}
        metrics: dict[str, list[Any]] = {side: [] for side in turns}
        for epoch in range(epochs):
            for side, model in models.items():
                taken = timed(lambda model=model, epoch=epoch: train(model, dataset, steps, epoch))
                if epoch:  # the first one traces
                    turns[side].append(taken)
                metrics[side].append(scorers[side].evaluate()["ctr"])
        for side, by_epoch in metrics.items():
            kept = min(by_epoch, key=lambda one: one.log_loss)
            best[side].append({"auc": round(kept.auc, 4), "log_loss": round(kept.log_loss, 4)})
    found = {
        "sides": rates(turns),
        "bucketed / by chance": ratio(turns, "bucketed", "by chance"),
        "bucketed / by chance, cpu": ratio(turns, "bucketed", "by chance", "cpu_seconds"),
        "validation": best,
        "padded steps a row": {side: padded_steps(models[side], dataset) for side in models},
    }
    show_bucketing(recipe, found)
    return found


def padded_steps(model: Composed, dataset: Dataset) -> float:
    """Steps that a row takes in an epoch on average, padding included."""
    steps = steps_per_epoch(dataset, "train", model.selection.train.batch_size)
    fed = [inputs["hist_item_id"].shape for inputs, _ in training_batches(model, dataset).take(steps)]
    return round(sum(rows * time for rows, time in fed) / sum(rows for rows, _ in fed), 1)


def show_feeding(size: int, row: dict[str, Any]) -> None:
    """Print a block of the first table."""
    for side, rate in row["sides"].items():
        over = row.get(f"{side} / training", 1.0)
        print(f"{size:>5}  {side:<9} {rate['rows/s']:>10,} {rate['cpu s / 1e6 rows']:>17} {over:>12}", flush=True)


def show_bucketing(recipe: str, row: dict[str, Any]) -> None:
    """Print a block of the second table."""
    for side, rate in row["sides"].items():
        over = row["bucketed / by chance"] if side == "bucketed" else 1.0
        metrics = "  ".join(f"{one['auc']:.4f} {one['log_loss']:.4f}" for one in row["validation"][side])
        padded = row["padded steps a row"][side]
        print(f"{recipe:<9}  {side:<9} {rate['rows/s']:>8,} {over:>6} {padded:>6}   {metrics}", flush=True)


def described(dataset: Dataset) -> dict[str, Any]:
    """The setting of a dataset, for the results."""
    rows = dataset.rows("train")
    specs = composed("din", dataset).inputs
    lengths = history_lengths(dataset, rows, specs)
    return {
        "origin": dataset.origin,
        "training rows": len(rows),
        "items": dataset.features.spaces[next(iter(dataset.features.target.values()))].rows,
        "max_length": max(history.max_length for history in dataset.features.history.values()),
        "history length": {"mean": round(float(lengths.mean()), 1)}
        | {f"{q}%": int(np.percentile(lengths, q)) for q in (10, 50, 90)},
    }


def main() -> int:
    """Measure, print, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, help="a folder of `bstkit data prepare`, fed as it is")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each side of feeding")
    parser.add_argument("--seeds", type=int, default=3, help="of bucketing")
    parser.add_argument("--epochs", type=int, default=3, help="of bucketing; the first is not timed")
    parser.add_argument("--quick", action="store_true", help="din alone, one batch size, few users, one turn")
    parser.add_argument("--only", choices=tuple(AIMS), help="one of the two tables; the JSON is then not written")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if options.quick:
        options.repeats = options.seeds = 1
        options.epochs = 2
    reached: dict[str, bool] = {}
    report: dict[str, Any] = {
        "machine": machine(),
        "versions": versions("tensorflow", "keras", "numpy"),
    }
    if options.only != "bucketing":
        given = options.dataset and open_dataset(options.dataset, in_memory=True)
        dataset = given or generated(sized(LONG, options.quick), "all")
        print(f"{'batch':>5}  {'':<9} {'rows/s':>10} {'cpu s / 1e6 rows':>17} {'/ training':>12}", flush=True)
        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            stored = open_dataset(options.dataset) if options.dataset else mapped(dataset, Path(folder))
            found = measure_feeding(dataset, stored, options.repeats, BATCHES[: 1 if options.quick else None])
        reached["feeding"] = min(row["disk / training"] for row in found.values()) >= AIMS["feeding"]
        report["feeding"] = {"setting": described(dataset) | {"repeats": options.repeats}, "batches": found}
    if options.only != "feeding":
        dataset = generated(sized(TAILED, options.quick), "positive")
        print(f"\n{'':<9}  {'':<9} {'rows/s':>8} {'ratio':>6} {'padded':>6}   AUC and log loss by seed", flush=True)
        recipes = {
            recipe: measure_bucketing(recipe, dataset, options.seeds, options.epochs)
            for recipe in BUCKETED[: 1 if options.quick else None]
        }
        least = min(row["bucketed / by chance"] for row in recipes.values())
        reached["bucketing"] = least >= AIMS["bucketing"]
        setting = {"batch_size": BUCKETED_BATCH, "epochs": options.epochs, "seeds": options.seeds}
        report["bucketing"] = {"setting": described(dataset) | setting, "recipes": recipes}
    if options.only is None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(report | {"aims": AIMS, "reached": reached}, indent=2) + "\n")
    return 0 if all(reached.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
