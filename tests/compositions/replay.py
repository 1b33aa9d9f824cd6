"""Compose, train two steps, save, export, verify; then reload every run of a batch in one new process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bstkit.artefact import BUNDLE, WEIGHTS, write_run
from bstkit.compose import Composed, compose
from bstkit.errors import BstkitError, ComponentError, ConfigError
from bstkit.export import export
from bstkit.export.assemble import assemble
from bstkit.export.verification import Verifier
from bstkit.export.write import write_model
from tests.compositions.choices import Composition
from tests.compositions.outcome import Outcome
from tests.models import feeds

ROOT = Path(__file__).parents[2]
BATCH, STEPS = 6, 4
QUICK_CASES = ("typical", "empty_history", "over_length", "holes", "id_out_of_range", "padding_invariance")
"""Cases of a quick replay: every rule between the inputs and the components. The others differ from `typical` only in
ids and batches, which the covering array proves."""

_CLEAR_EVERY = 10
"""Compositions between two `clear_session`, which costs more than most of them and keeps memory flat."""


def replay(compositions: Sequence[Composition], quick: bool = False) -> list[Outcome]:
    """Run compositions from selection to verified export and back from their files.

    Args:
        compositions: a batch, whose runs one new process reloads.
        quick: verify on `QUICK_CASES` in place of all; every optimisation level in both.
    """
    with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
        outcomes = []
        for number, composition in enumerate(compositions, start=1):
            outcomes.append(_forward(composition, Path(scratch) / composition.name, quick))
            if number % _CLEAR_EVERY == 0:
                keras.backend.clear_session()
        keras.backend.clear_session()
        if any(outcome.status == "verified" for outcome in outcomes):
            trouble = _reload(Path(scratch))
            outcomes = [_reloaded(outcome, Path(scratch) / outcome.name, trouble) for outcome in outcomes]
    return outcomes


def _forward(composition: Composition, folder: Path, quick: bool) -> Outcome:
    """Everything but the reload; leaves the run in `folder`."""
    start = time.perf_counter()

    def outcome(status: Any, reason: str = "") -> Outcome:
        return Outcome(composition.name, status, reason, round(time.perf_counter() - start, 2))

    try:
        composed = compose(composition.selection(), composition.features())
    except (ComponentError, ConfigError) as error:
        return outcome("refused", error.message)
    except Exception as error:  # noqa: BLE001  # a failure is a result of this program
        return outcome("failed", f"compose: {type(error).__name__}: {error}")
    try:
        _train(composed)
        _save(composed, folder)
        _export(composed, folder / BUNDLE, quick)
    except BstkitError as error:
        return outcome("failed", f"{type(error).__name__}: {error.message}")
    except Exception as error:  # noqa: BLE001  # a failure is a result of this program
        return outcome("failed", f"{type(error).__name__}: {error}")
    return outcome("verified")


def _train(composed: Composed) -> None:
    """Two steps, eager, which for two is cheaper than tracing."""
    keras.utils.set_random_seed(0)
    composed.training.compile(
        optimizer=keras.optimizers.SGD(0.05),
        loss={task: keras.losses.BinaryCrossentropy(from_logits=True) for task in composed.features.tasks},
        run_eagerly=True,
        jit_compile=False,
    )
    rng = np.random.default_rng(0)
    for seed in (1, 2):
        labels = {task: rng.integers(0, 2, (BATCH, 1)).astype(np.float32) for task in composed.features.tasks}
        loss = composed.training.train_on_batch(feeds(composed, BATCH, STEPS, seed=seed, training=True), labels)
        if not np.isfinite(loss).all():
            raise ValueError(f"the loss is {loss}")


def _save(composed: Composed, folder: Path) -> None:
    """Write the run, its held-out rows, and what they score now."""
    rows = feeds(composed, BATCH, STEPS, seed=3)
    folder.mkdir()
    write_run(
        folder,
        composed,
        vocabularies={},
        history=[{"epoch": 1}],
        metrics={},
        heldout=rows,
        provenance={},
    )
    scores = composed.serving(rows)
    np.savez(folder / "scores.npz", **{name: tensor.numpy() for name, tensor in scores.items()})


def _export(composed: Composed, folder: Path, quick: bool) -> None:
    if not quick:
        export(composed, folder)
        return
    verifier = Verifier(composed)
    verifier.cases = tuple(case for case in verifier.cases if case.name in QUICK_CASES)
    model, _ = assemble(composed)
    folder.mkdir()
    write_model(model, folder / "model.onnx")
    verifier.verify(folder / "model.onnx")


def _reload(folder: Path) -> str:
    """Score every run in a new process; return what it said where it broke down as a whole."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "tests.compositions.reload", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stderr[-2000:] if done.returncode else ""


def _reloaded(outcome: Outcome, folder: Path, trouble: str) -> Outcome:
    """The outcome, failed where the reloaded run does not score the same."""
    if outcome.status != "verified":
        return outcome
    return Outcome(outcome.name, "failed", reason, outcome.seconds) if (reason := _unlike(folder, trouble)) else outcome


def _unlike(folder: Path, trouble: str) -> str:
    """How the reloaded scores differ; empty where they do not."""
    if (folder / "reloaded.txt").is_file():
        return f"reload: {(folder / 'reloaded.txt').read_text().splitlines()[-1]}"
    if not (folder / "reloaded.npz").is_file():
        return f"reload: {WEIGHTS} was not scored: {trouble}"
    with np.load(folder / "scores.npz") as before, np.load(folder / "reloaded.npz") as after:
        if set(before.files) != set(after.files):
            return f"reload: outputs {sorted(after.files)}, not {sorted(before.files)}"
        worst = max(float(np.abs(before[name] - after[name]).max()) for name in before.files)
    return "" if worst <= 1e-6 else f"reload: scores differ by {worst}"
